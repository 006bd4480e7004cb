//! What generated code is made of, so that one resource type takes few lines.

use std::fmt;

use crate::handle::{By, Handle};
use crate::value::Value;

/// A resource type: its name and what `Ref` gives.
#[doc(hidden)]
#[macro_export]
macro_rules! resource {
    ($structure:ident, $name:literal, $reference:ty) => {
        impl<S> $crate::Resource for $structure<S> {
            const TYPE: &'static str = $name;
            type Ref = $reference;
            type Kind = $structure;
            type Stack = S;

            fn body(&self) -> &$crate::Body<S> {
                &self.0
            }

            fn body_mut(&mut self) -> &mut $crate::Body<S> {
                &mut self.0
            }

            fn into_body(self) -> $crate::Body<S> {
                self.0
            }
        }

        $crate::branded!($structure);
    };
}

/// A nested structure.
#[doc(hidden)]
#[macro_export]
macro_rules! shape {
    ($structure:ident) => {
        impl<S> $crate::Shape for $structure<S> {
            type Kind = $structure;
            type Stack = S;

            fn into_shape_json(self) -> $crate::Json {
                $crate::Json::Object(self.0.into_properties())
            }
        }

        $crate::branded!($structure);
    };
}

/// A structure of two texts, which a person writes as a pair: `("Project", "cloudwright")`.
#[doc(hidden)]
#[macro_export]
macro_rules! pair {
    ($structure:ident, $key:literal, $value:literal) => {
        impl<S, K: $crate::To<String, S>, V: $crate::To<String, S>> $crate::To<$structure, S> for (K, V) {
            fn to_value(self) -> $crate::Value<$structure, S> {
                $crate::pair_value($key, self.0.to_value(), $value, self.1.to_value())
            }
        }
    };
}

/// What `pair!` makes of both texts.
#[doc(hidden)]
pub fn pair_value<P, S>(key: &str, left: Value<String, S>, value: &str, right: Value<String, S>) -> Value<P, S> {
    Value::from_json(serde_json::json!({ key: left.into_json(), value: right.into_json() }))
}

/// What a derive would ask of the brand as well, which is only a name.
#[doc(hidden)]
#[macro_export]
macro_rules! branded {
    ($structure:ident) => {
        impl<S> Clone for $structure<S> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        impl<S> ::core::fmt::Debug for $structure<S> {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl<S> $crate::Build for $structure<S> {}
    };
}

/// The mark of an attribute or of a referring property: text of one kind. There is never a value of it, so that it
/// needs no traits; hundreds of them would be a third of this crate's compile time.
#[doc(hidden)]
#[macro_export]
macro_rules! mark {
    ($(#[$doc:meta])* $mark:ident) => {
        $(#[$doc])*
        pub enum $mark {}

        impl $crate::Text for $mark {}
        impl $crate::Accepts<$mark> for $mark {}
    };
}

/// A referring property that is also good with plain text.
#[doc(hidden)]
#[macro_export]
macro_rules! or_text {
    ($mark:ident) => {
        impl $crate::Accepts<String> for $mark {}

        impl<S> $crate::To<$mark, S> for &str {
            fn to_value(self) -> $crate::Value<$mark, S> {
                $crate::To::<$mark, S>::to_value($crate::raw(self))
            }
        }

        impl<S> $crate::To<$mark, S> for String {
            fn to_value(self) -> $crate::Value<$mark, S> {
                $crate::To::<$mark, S>::to_value($crate::raw(self))
            }
        }

        impl<S> $crate::To<$mark, S> for &String {
            fn to_value(self) -> $crate::Value<$mark, S> {
                $crate::To::<$mark, S>::to_value($crate::raw(self.as_str()))
            }
        }
    };
}

/// A text of which the facts list the values.
#[doc(hidden)]
#[macro_export]
macro_rules! choices {
    ($name:ident { $($variant:ident = $text:literal,)+ }) => {
        /// The values that the facts list, and a way out for newer ones.
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] $variant,)+
            /// A value that AWS takes and the facts do not list.
            Unlisted(String),
        }

        impl $name {
            /// The text in the template.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unlisted(text) => text,
                }
            }
        }

        impl<S> $crate::To<$name, S> for $name {
            fn to_value(self) -> $crate::Value<$name, S> {
                $crate::To::<$name, S>::to_value($crate::raw(self.as_str()))
            }
        }

        impl $crate::Accepts<$name> for $name {}

        impl $crate::Accepts<$name> for String {}
    };
}

/// What CloudWatch measures of a resource.
pub trait MetricName: Copy {
    /// The type that is measured.
    type Resource;

    /// The metric's name.
    fn name(self) -> &'static str;
    /// Its namespace, such as `AWS/SQS`.
    fn namespace(self) -> &'static str;
    /// Its dimensions, and how a handle gives each.
    fn dimensions(self) -> &'static [(&'static str, By)];
}

/// A metric of one resource, as an alarm, a widget or a metric query wants it.
pub struct MetricOf<S> {
    /// The namespace, such as `AWS/SQS`.
    pub namespace: &'static str,
    /// The metric's name.
    pub name: &'static str,
    /// Names and values of the dimensions.
    pub dimensions: Vec<(&'static str, Value<String, S>)>,
}

impl<S> Clone for MetricOf<S> {
    fn clone(&self) -> Self {
        Self { namespace: self.namespace, name: self.name, dimensions: self.dimensions.clone() }
    }
}

impl<S> fmt::Debug for MetricOf<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MetricOf({} {} {:?})", self.namespace, self.name, self.dimensions)
    }
}

impl<R, S> Handle<R, S> {
    /// A metric of this very resource; its dimensions are references, so that they cannot name another.
    pub fn metric<M: MetricName<Resource = R>>(&self, metric: M) -> MetricOf<S> {
        let dimensions = metric.dimensions().iter().map(|(name, by)| (*name, self.by(*by))).collect();
        MetricOf { namespace: metric.namespace(), name: metric.name(), dimensions }
    }
}

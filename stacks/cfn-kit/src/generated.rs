//! What generated code is made of, so that one resource type takes few lines.

use crate::handle::{By, Handle};
use crate::value::Value;

/// A resource type: its name and what `Ref` gives.
#[doc(hidden)]
#[macro_export]
macro_rules! resource {
    ($structure:ident, $name:literal, $reference:ty) => {
        impl $crate::Resource for $structure {
            const TYPE: &'static str = $name;
            type Ref = $reference;

            fn body(&self) -> &$crate::Body {
                &self.0
            }

            fn body_mut(&mut self) -> &mut $crate::Body {
                &mut self.0
            }

            fn into_body(self) -> $crate::Body {
                self.0
            }
        }

        impl $crate::Build for $structure {}
    };
}

/// A nested structure.
#[doc(hidden)]
#[macro_export]
macro_rules! shape {
    ($structure:ident) => {
        impl $crate::Shape for $structure {
            fn into_shape_json(self) -> $crate::Json {
                $crate::Json::Object(self.0.into_properties())
            }
        }

        impl $crate::Build for $structure {}
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

        impl $crate::To<$mark> for &str {
            fn to_value(self) -> $crate::Value<$mark> {
                $crate::To::<$mark>::to_value($crate::raw(self))
            }
        }

        impl $crate::To<$mark> for String {
            fn to_value(self) -> $crate::Value<$mark> {
                $crate::To::<$mark>::to_value($crate::raw(self))
            }
        }

        impl $crate::To<$mark> for &String {
            fn to_value(self) -> $crate::Value<$mark> {
                $crate::To::<$mark>::to_value($crate::raw(self.as_str()))
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

        impl $crate::Shape for $name {
            fn into_shape_json(self) -> $crate::Json {
                $crate::Json::from(self.as_str())
            }
        }

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
#[derive(Debug, Clone, PartialEq)]
pub struct MetricOf {
    /// The namespace, such as `AWS/SQS`.
    pub namespace: &'static str,
    /// The metric's name.
    pub name: &'static str,
    /// Names and values of the dimensions.
    pub dimensions: Vec<(&'static str, Value<String>)>,
}

impl<R> Handle<R> {
    /// A metric of this very resource; its dimensions are references, so that they cannot name another.
    pub fn metric<M: MetricName<Resource = R>>(&self, metric: M) -> MetricOf {
        let dimensions = metric.dimensions().iter().map(|(name, by)| (*name, self.by(*by))).collect();
        MetricOf { namespace: metric.namespace(), name: metric.name(), dimensions }
    }
}

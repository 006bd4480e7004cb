//! A program's configuration, written once: the struct, its environment variables, what is right, and how it is read.

use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::reader::{whole_number, wrong};
use crate::{Problem, Words};

/// A value of a configuration as the text of an environment variable.
pub(crate) trait Setting: Sized + Default {
    fn write(&self) -> String;
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! as_text {
    ($($type:ty),*) => {$(
        impl Setting for $type {
            fn write(&self) -> String {
                self.to_string()
            }

            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )*};
}

as_text!(u32, u64, f64, bool, String, Words);

/// What is right for a value, and how to say so.
pub(crate) trait Right<T> {
    fn expected(&self) -> String;
    fn is(&self, value: &T) -> bool;
}

impl<T: PartialOrd + Display> Right<T> for RangeInclusive<T> {
    fn expected(&self) -> String {
        whole_number(self)
    }

    fn is(&self, value: &T) -> bool {
        self.contains(value)
    }
}

/// Anything that can be read as the type, in these words.
pub(crate) struct Any(pub(crate) &'static str);

impl<T> Right<T> for Any {
    fn expected(&self) -> String {
        self.0.to_owned()
    }

    fn is(&self, _: &T) -> bool {
        true
    }
}

/// One of these words.
pub(crate) struct OneOf(pub(crate) &'static [&'static str]);

impl Right<String> for OneOf {
    fn expected(&self) -> String {
        format!("one of {}", self.0.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
    }

    fn is(&self, value: &String) -> bool {
        self.0.contains(&value.as_str())
    }
}

/// Whole numbers within bounds with commas between, at least one.
pub(crate) struct Numbers(pub(crate) RangeInclusive<u32>);

impl Right<Words> for Numbers {
    fn expected(&self) -> String {
        format!("whole numbers from {} to {} with commas between", self.0.start(), self.0.end())
    }

    fn is(&self, value: &Words) -> bool {
        !value.0.is_empty() && value.0.iter().all(|word| word.parse().is_ok_and(|number| self.0.contains(&number)))
    }
}

pub(crate) fn judge<T: Setting>(problems: &mut Vec<Problem>, variable: &'static str, value: &T, right: &impl Right<T>) {
    if !right.is(value) {
        problems.push(wrong(variable, &value.write(), &right.expected()));
    }
}

/// A configuration struct over `S`, the text of a reference: a `String` in the program, in a stack whatever stands for text there,
/// since what a reference means is known only to AWS.
macro_rules! configuration {
    (
        $(#[$doc:meta])* $name:ident, prefix $prefix:literal;
        references { $($(#[$reference_doc:meta])* $reference:ident = $reference_variable:literal, $reference_expected:literal;)* }
        values { $($(#[$value_doc:meta])* $value:ident: $type:ty = $value_variable:literal, $right:expr;)* }
    ) => {
        $(#[$doc])*
        ///
        /// `S` is the text of a reference: a `String` in the program, whatever stands for text in the stack.
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name<S = String> {
            $($(#[$reference_doc])* pub $reference: S,)*
            $($(#[$value_doc])* pub $value: $type,)*
        }

        impl<S> $name<S> {
            /// Everything that is wrong with these settings, as far as it can be known without knowing the references.
            ///
            /// The stack asks before it renders, so that a wrong setting is found at a desk and not by the program's first start.
            #[must_use]
            pub fn problems(&self) -> Vec<$crate::Problem> {
                let mut problems = Vec::new();
                $($crate::settings::judge::<$type>(&mut problems, concat!($prefix, "_", $value_variable), &self.$value, &$right);)*
                problems
            }

            /// The environment variables that carry these settings into the program, name and value, always in the same order.
            pub fn variables(self) -> Vec<(&'static str, S)>
            where
                S: From<String>,
            {
                use $crate::settings::Setting as _;
                vec![
                    $((concat!($prefix, "_", $reference_variable), self.$reference),)*
                    $((concat!($prefix, "_", $value_variable), self.$value.write().into()),)*
                ]
            }
        }

        impl $name {
            /// Reads the settings from environment variables, here a function from a name to a value.
            ///
            /// # Errors
            ///
            /// Everything that is missing or wrong, not the first of it: a program that starts wrongly should need one repair.
            pub fn read(variable_of: impl Fn(&str) -> Option<String>) -> Result<Self, $crate::Problems> {
                use $crate::settings::Setting as _;
                let mut reader = $crate::reader::Reader::new(variable_of);
                let config = Self {
                    $($reference: reader.text(concat!($prefix, "_", $reference_variable), $reference_expected),)*
                    $($value: reader.parsed(
                        concat!($prefix, "_", $value_variable),
                        &$crate::settings::expected::<$type>(&$right),
                        <$type>::parse,
                    ),)*
                };
                let mut problems = reader.problems;
                // A variable that could not be read holds a stand-in here, and has been reported already.
                let unread: Vec<_> = problems.iter().map(|problem| problem.variable).collect();
                problems.extend(config.problems().into_iter().filter(|problem| !unread.contains(&problem.variable)));
                if problems.is_empty() { Ok(config) } else { Err($crate::Problems(problems)) }
            }
        }
    };
}

pub(crate) use configuration;

pub(crate) fn expected<T>(right: &impl Right<T>) -> String {
    right.expected()
}

//! Spans of time, so that nobody has to guess the unit of a number.
//!
//! A property that is measured in seconds takes seconds, minutes, hours and days, or a plain number of its own unit; one that is
//! measured in minutes takes no seconds: half a minute cannot be said there.
//!
//! ```
//! use cfn_kit::units::{Days, Minutes};
//! use cfn_kit::{Resource, sqs};
//!
//! let queue = sqs::Queue::<()>::new().visibility_timeout(Minutes(15)).message_retention_period(Days(14)).delay_seconds(5);
//! assert_eq!(queue.body().properties()["VisibilityTimeout"], 900);
//! ```

use serde_json::Value as Json;

use crate::value::{Accepts, To, Value};

/// Declares a unit with everything that can be said in it: the shorter units fit into no longer one.
macro_rules! unit {
    ($(#[$doc:meta])* $unit:ident: $($given:ident * $factor:literal),+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $unit(pub u32);

        impl Accepts<$unit> for $unit {}
        impl Accepts<i64> for $unit {}

        $(
            impl<S> To<$unit, S> for $given {
                fn to_value(self) -> Value<$unit, S> {
                    Value::from_json(Json::from(u64::from(self.0) * $factor))
                }
            }
        )+

        numbers!($unit: i64, i32, i16, u64, u32, u16, u8, usize);
    };
}

/// A plain number is one of the property's own unit.
macro_rules! numbers {
    ($unit:ident: $($number:ty),+) => {$(
        impl<S> To<$unit, S> for $number {
            fn to_value(self) -> Value<$unit, S> {
                Value::from_json(Json::from(self))
            }
        }
    )+};
}

unit! {
    /// Thousandths of a second.
    Milliseconds: Milliseconds * 1, Seconds * 1_000, Minutes * 60_000, Hours * 3_600_000, Days * 86_400_000
}
unit! {
    /// Seconds.
    Seconds: Seconds * 1, Minutes * 60, Hours * 3_600, Days * 86_400
}
unit! {
    /// Minutes.
    Minutes: Minutes * 1, Hours * 60, Days * 1_440
}
unit! {
    /// Hours.
    Hours: Hours * 1, Days * 24
}
unit! {
    /// Days.
    Days: Days * 1
}

//! What plain types, lists and mappings take.

use std::borrow::Cow;
use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::{Accepts, Dictionary, Shape, Text, To, Value};

impl<T: Shape> Accepts<T> for T {}
impl<A: Text> Accepts<A> for String {}
impl Accepts<String> for String {}
impl Accepts<i64> for i64 {}
impl Accepts<f64> for f64 {}
impl Accepts<i64> for f64 {}
impl Accepts<bool> for bool {}
impl Accepts<Json> for Json {}
impl<P: Accepts<A>, A> Accepts<Vec<A>> for Vec<P> {}
impl<P: Accepts<A>, A> Accepts<Dictionary<A>> for Dictionary<P> {}

/// Literals of plain types.
macro_rules! literals {
    ($($wanted:ty: $($given:ty),+;)+) => {$($(
        impl<S> To<$wanted, S> for $given {
            fn to_value(self) -> Value<$wanted, S> {
                Value::from_json(Json::from(self))
            }
        }
    )+)+};
}

literals! {
    String: &str, String, Cow<'_, str>;
    i64: i64, i32, i16, u64, u32, u16, u8, usize;
    f64: f64, f32, i64, i32, u64, u32, u16, u8;
    bool: bool;
}

impl<S> To<String, S> for &String {
    fn to_value(self) -> Value<String, S> {
        Value::from_json(Json::from(self.as_str()))
    }
}

impl<S> To<Json, S> for Json {
    fn to_value(self) -> Value<Json, S> {
        Value::from_json(self)
    }
}

impl<S> To<Json, S> for Map<String, Json> {
    fn to_value(self) -> Value<Json, S> {
        Value::from_json(Json::Object(self))
    }
}

fn list<P, S, X: To<P, S>>(items: impl IntoIterator<Item = X>) -> Value<Vec<P>, S> {
    Value::from_json(Json::Array(items.into_iter().map(|item| item.to_value().into_json()).collect()))
}

impl<P, S, X: To<P, S>> To<Vec<P>, S> for Vec<X> {
    fn to_value(self) -> Value<Vec<P>, S> {
        list(self)
    }
}

impl<P, S, X: To<P, S>, const N: usize> To<Vec<P>, S> for [X; N] {
    fn to_value(self) -> Value<Vec<P>, S> {
        list(self)
    }
}

impl<P, S, X: To<P, S> + Clone> To<Vec<P>, S> for &[X] {
    fn to_value(self) -> Value<Vec<P>, S> {
        list(self.iter().cloned())
    }
}

impl<P, S, X: To<P, S> + Clone> To<Vec<P>, S> for &Vec<X> {
    fn to_value(self) -> Value<Vec<P>, S> {
        list(self.iter().cloned())
    }
}

fn dictionary<P, S, K: Into<String>, X: To<P, S>>(pairs: impl IntoIterator<Item = (K, X)>) -> Value<Dictionary<P>, S> {
    Value::from_json(Json::Object(pairs.into_iter().map(|(key, value)| (key.into(), value.to_value().into_json())).collect()))
}

impl<P, S, K: Into<String>, X: To<P, S>, const N: usize> To<Dictionary<P>, S> for [(K, X); N] {
    fn to_value(self) -> Value<Dictionary<P>, S> {
        dictionary(self)
    }
}

impl<P, S, K: Into<String>, X: To<P, S>> To<Dictionary<P>, S> for Vec<(K, X)> {
    fn to_value(self) -> Value<Dictionary<P>, S> {
        dictionary(self)
    }
}

impl<P, S, K: Into<String>, X: To<P, S>> To<Dictionary<P>, S> for BTreeMap<K, X> {
    fn to_value(self) -> Value<Dictionary<P>, S> {
        dictionary(self)
    }
}

impl<P, S, K: Into<String>, X: To<P, S>> To<Dictionary<P>, S> for IndexMap<K, X> {
    fn to_value(self) -> Value<Dictionary<P>, S> {
        dictionary(self)
    }
}

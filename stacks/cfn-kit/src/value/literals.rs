//! What plain types, lists and mappings take.

use std::borrow::Cow;
use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::{Accepts, Dictionary, Shape, Text, To, Value};

impl<S: Shape> Accepts<S> for S {}
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
        impl To<$wanted> for $given {
            fn to_value(self) -> Value<$wanted> {
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

impl To<String> for &String {
    fn to_value(self) -> Value<String> {
        Value::from_json(Json::from(self.as_str()))
    }
}

impl To<Json> for Json {
    fn to_value(self) -> Value<Json> {
        Value::from_json(self)
    }
}

impl To<Json> for Map<String, Json> {
    fn to_value(self) -> Value<Json> {
        Value::from_json(Json::Object(self))
    }
}

fn list<P, X: To<P>>(items: impl IntoIterator<Item = X>) -> Value<Vec<P>> {
    Value::from_json(Json::Array(items.into_iter().map(|item| item.to_value().into_json()).collect()))
}

impl<P, X: To<P>> To<Vec<P>> for Vec<X> {
    fn to_value(self) -> Value<Vec<P>> {
        list(self)
    }
}

impl<P, X: To<P>, const N: usize> To<Vec<P>> for [X; N] {
    fn to_value(self) -> Value<Vec<P>> {
        list(self)
    }
}

impl<P, X: To<P> + Clone> To<Vec<P>> for &[X] {
    fn to_value(self) -> Value<Vec<P>> {
        list(self.iter().cloned())
    }
}

impl<P, X: To<P> + Clone> To<Vec<P>> for &Vec<X> {
    fn to_value(self) -> Value<Vec<P>> {
        list(self.iter().cloned())
    }
}

fn dictionary<P, K: Into<String>, X: To<P>>(pairs: impl IntoIterator<Item = (K, X)>) -> Value<Dictionary<P>> {
    Value::from_json(Json::Object(pairs.into_iter().map(|(key, value)| (key.into(), value.to_value().into_json())).collect()))
}

impl<P, K: Into<String>, X: To<P>, const N: usize> To<Dictionary<P>> for [(K, X); N] {
    fn to_value(self) -> Value<Dictionary<P>> {
        dictionary(self)
    }
}

impl<P, K: Into<String>, X: To<P>> To<Dictionary<P>> for Vec<(K, X)> {
    fn to_value(self) -> Value<Dictionary<P>> {
        dictionary(self)
    }
}

impl<P, K: Into<String>, X: To<P>> To<Dictionary<P>> for BTreeMap<K, X> {
    fn to_value(self) -> Value<Dictionary<P>> {
        dictionary(self)
    }
}

impl<P, K: Into<String>, X: To<P>> To<Dictionary<P>> for IndexMap<K, X> {
    fn to_value(self) -> Value<Dictionary<P>> {
        dictionary(self)
    }
}

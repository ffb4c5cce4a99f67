//! Serde helpers for the places where MLflow's JSON differs from serde's default. build.rs names
//! these helpers in the attributes of the generated messages.

use serde::{Deserialize, Deserializer};

/// Reads `null` as the default value, also for lists: MLflow treats it as "not given".
pub fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Writes integers as numbers, and reads them from numbers or strings.
pub mod integer {
    use std::fmt;
    use std::marker::PhantomData;

    use serde::de::{Error, Unexpected, Visitor};
    use serde::{Deserialize, Deserializer};

    /// Reads an integer or `null`. Fails if the value is out of range for `T` or has a fraction.
    pub fn option<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        D: Deserializer<'de>,
        T: TryFrom<i64>,
    {
        let value: Option<Lenient<T>> = Option::deserialize(deserializer)?;
        Ok(value.map(|lenient| lenient.0))
    }

    /// Reads a list of integers or `null`.
    pub fn vec<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
    where
        D: Deserializer<'de>,
        T: TryFrom<i64>,
    {
        let values: Option<Vec<Lenient<T>>> = Option::deserialize(deserializer)?;
        Ok(values
            .unwrap_or_default()
            .into_iter()
            .map(|lenient| lenient.0)
            .collect())
    }

    /// An integer that is read from a number or a string.
    struct Lenient<T>(T);

    impl<'de, T: TryFrom<i64>> Deserialize<'de> for Lenient<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(IntegerVisitor(PhantomData))
        }
    }

    struct IntegerVisitor<T>(PhantomData<T>);

    impl<T: TryFrom<i64>> Visitor<'_> for IntegerVisitor<T> {
        type Value = Lenient<T>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an integer")
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
            T::try_from(value)
                .map(Lenient)
                .map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
            match i64::try_from(value) {
                Ok(value) => self.visit_i64(value),
                Err(_) => Err(E::invalid_value(Unexpected::Unsigned(value), &self)),
            }
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
            // These are exactly the floats between -2^63 and 2^63 without a fraction.
            const LIMIT: f64 = 9_223_372_036_854_775_808.0;
            if value.fract() == 0.0 && (-LIMIT..LIMIT).contains(&value) {
                #[expect(clippy::cast_possible_truncation, reason = "checked above")]
                return self.visit_i64(value as i64);
            }
            Err(E::invalid_value(Unexpected::Float(value), &self))
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
            match value.parse() {
                Ok(value) => self.visit_i64(value),
                Err(_) => Err(E::invalid_value(Unexpected::Str(value), &self)),
            }
        }
    }
}

/// Writes floats as numbers, and NaN and the infinities as strings.
pub mod double {
    use std::fmt;

    use serde::de::{Error, Unexpected, Visitor};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub mod option {
        use serde::{Deserialize, Deserializer, Serialize, Serializer};
        /// Writes a float or `null`.
        pub fn serialize<S: Serializer>(
            value: &Option<f64>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            value.map(super::Lenient).serialize(serializer)
        }

        /// Reads a float or `null`.
        pub fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<f64>, D::Error> {
            let value: Option<super::Lenient> = Option::deserialize(deserializer)?;
            Ok(value.map(|lenient| lenient.0))
        }
    }

    pub mod vec {
        use serde::{Deserialize, Deserializer, Serializer};

        /// Writes a list of floats.
        pub fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(values.iter().copied().map(super::Lenient))
        }

        /// Reads a list of floats or `null`.
        pub fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Vec<f64>, D::Error> {
            let values: Option<Vec<super::Lenient>> = Option::deserialize(deserializer)?;
            Ok(values
                .unwrap_or_default()
                .into_iter()
                .map(|lenient| lenient.0)
                .collect())
        }
    }

    /// A float that is read from a number or a string.
    struct Lenient(f64);

    impl Serialize for Lenient {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let value = self.0;
            if value.is_nan() {
                serializer.serialize_str("NaN")
            } else if value.is_infinite() {
                serializer.serialize_str(if value > 0.0 { "Infinity" } else { "-Infinity" })
            } else {
                serializer.serialize_f64(value)
            }
        }
    }

    impl<'de> Deserialize<'de> for Lenient {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(DoubleVisitor)
        }
    }

    struct DoubleVisitor;

    impl Visitor<'_> for DoubleVisitor {
        type Value = Lenient;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a number")
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<Lenient, E> {
            Ok(Lenient(value))
        }

        #[expect(
            clippy::cast_precision_loss,
            reason = "a double is what the field holds"
        )]
        fn visit_i64<E: Error>(self, value: i64) -> Result<Lenient, E> {
            Ok(Lenient(value as f64))
        }

        #[expect(
            clippy::cast_precision_loss,
            reason = "a double is what the field holds"
        )]
        fn visit_u64<E: Error>(self, value: u64) -> Result<Lenient, E> {
            Ok(Lenient(value as f64))
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<Lenient, E> {
            let number = match value {
                "NaN" => Some(f64::NAN),
                "Infinity" => Some(f64::INFINITY),
                "-Infinity" => Some(f64::NEG_INFINITY),
                // Rust also parses "nan" and "inf", which protobuf's JSON does not accept.
                value => value.parse().ok().filter(|number: &f64| number.is_finite()),
            };
            number
                .map(Lenient)
                .ok_or_else(|| E::invalid_value(Unexpected::Str(value), &self))
        }
    }
}

/// A generated enum, whose values are written by name in JSON.
pub trait Enumeration {
    /// Returns the name of a value, or `None` if the number is not defined.
    fn name_of(number: i32) -> Option<&'static str>;
    /// Returns the number of a value, or `None` if the name is not defined.
    fn number_of(name: &str) -> Option<i32>;
}

/// Writes enum values by name, and reads them from names or numbers.
pub mod enumeration {
    use std::fmt;
    use std::marker::PhantomData;

    use serde::de::{Error, Unexpected, Visitor};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Enumeration;
    /// Writes the name of a value or `null`.
    pub fn serialize_option<E: Enumeration, S: Serializer>(
        value: &Option<i32>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(Named::<E>::new).serialize(serializer)
    }

    /// Reads a value or `null`.
    pub fn deserialize_option<'de, E: Enumeration, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<i32>, D::Error> {
        let value: Option<Named<E>> = Option::deserialize(deserializer)?;
        Ok(value.map(|named| named.number))
    }

    /// Writes a list of values by name.
    pub fn serialize_vec<E: Enumeration, S: Serializer>(
        values: &[i32],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().copied().map(Named::<E>::new))
    }

    /// Reads a list of values or `null`.
    pub fn deserialize_vec<'de, E: Enumeration, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<i32>, D::Error> {
        let values: Option<Vec<Named<E>>> = Option::deserialize(deserializer)?;
        Ok(values
            .unwrap_or_default()
            .into_iter()
            .map(|named| named.number)
            .collect())
    }

    /// An enum value that is written by name.
    struct Named<E> {
        number: i32,
        of: PhantomData<E>,
    }

    impl<E> Named<E> {
        fn new(number: i32) -> Self {
            Self {
                number,
                of: PhantomData,
            }
        }
    }

    impl<E: Enumeration> Serialize for Named<E> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match E::name_of(self.number) {
                Some(name) => serializer.serialize_str(name),
                None => serializer.serialize_i32(self.number),
            }
        }
    }

    impl<'de, E: Enumeration> Deserialize<'de> for Named<E> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(NameVisitor(PhantomData))
        }
    }

    struct NameVisitor<E>(PhantomData<E>);

    impl<E: Enumeration> Visitor<'_> for NameVisitor<E> {
        type Value = Named<E>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("the name or number of an enum value")
        }

        fn visit_str<R: Error>(self, value: &str) -> Result<Self::Value, R> {
            E::number_of(value)
                .or_else(|| {
                    value
                        .parse()
                        .ok()
                        .filter(|number| E::name_of(*number).is_some())
                })
                .map(Named::new)
                .ok_or_else(|| R::invalid_value(Unexpected::Str(value), &self))
        }

        fn visit_i64<R: Error>(self, value: i64) -> Result<Self::Value, R> {
            i32::try_from(value)
                .ok()
                .filter(|number| E::name_of(*number).is_some())
                .map(Named::new)
                .ok_or_else(|| R::invalid_value(Unexpected::Signed(value), &self))
        }

        fn visit_u64<R: Error>(self, value: u64) -> Result<Self::Value, R> {
            match i64::try_from(value) {
                Ok(value) => self.visit_i64(value),
                Err(_) => Err(R::invalid_value(Unexpected::Unsigned(value), &self)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::wire::Metric;

    #[test]
    fn floats_keep_their_value() {
        for text in [
            "9.818186930595453e-91",
            "0.1",
            "1.7976931348623157e308",
            "5e-324",
        ] {
            let metric: Metric = serde_json::from_str(&format!(r#"{{"value":{text}}}"#)).unwrap();
            assert_eq!(metric.value, text.parse().ok(), "{text}");
        }
    }
}

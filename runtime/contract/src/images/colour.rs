//! A colour as people write it in an environment file.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An opaque sRGB colour, written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    /// Red, 0–255.
    pub red: u8,
    /// Green, 0–255.
    pub green: u8,
    /// Blue, 0–255.
    pub blue: u8,
}

impl Colour {
    /// What paper looks like.
    pub const WHITE: Self = Self { red: 255, green: 255, blue: 255 };
}

/// The text is not of the form `#rrggbb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAColour(pub String);

impl fmt::Display for NotAColour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no colour, write it as `#rrggbb`, such as `#ffffff`", self.0)
    }
}

impl std::error::Error for NotAColour {}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl FromStr for Colour {
    type Err = NotAColour;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotAColour(text.to_owned());
        let digits = text.strip_prefix('#').ok_or_else(wrong)?;
        // `from_str_radix` would also take a sign.
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).map_err(|_| wrong())?.to_be_bytes();
        Ok(Self { red, green, blue })
    }
}

impl Serialize for Colour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Colour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_survives_being_written_and_read() {
        let amber = Colour { red: 255, green: 191, blue: 0 };

        let written = amber.to_string();

        assert_eq!(written, "#ffbf00");
        assert_eq!(written.parse(), Ok(amber), "the function would flatten on another colour than the environment names");
    }

    #[test]
    fn what_is_no_colour_is_refused() {
        for text in ["", "#", "ffffff", "#fff", "#fffffff", "#+fffff", "#gggggg", "white", "#ééé"] {
            let read = text.parse::<Colour>();

            assert_eq!(read, Err(NotAColour(text.to_owned())), "`{text}` would have become a colour nobody chose");
        }
    }
}

//! The flags and the users that every engine gets.

use serde_json::{Value, json};

/// More than a cache holds.
pub const USERS: usize = 10_000;

pub const KEY: &str = "shop-checkout-v2";

pub const COUNTRIES: [&str; 3] = ["DE", "FR", "NL"];
pub const LEAST_VERSION: &str = "2.1.0";
pub const DOMAIN: &str = "@example.com";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// On, without a rule.
    Static,
    /// On for 30 % by user id.
    Split,
    /// Three conditions, each of which holds, then 30 % by user id.
    Rule,
}

impl Shape {
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "a" => Some(Self::Static),
            "b" => Some(Self::Split),
            "c" => Some(Self::Rule),
            _ => None,
        }
    }

    /// The rule in flagd's words; `None` where there is none.
    pub fn targeting(self) -> Option<Value> {
        let split = json!({"fractional": [["on", 30], ["off", 70]]});
        match self {
            Self::Static => None,
            Self::Split => Some(split),
            Self::Rule => Some(json!({"if": [
                {"and": [
                    {"in": [{"var": "country"}, COUNTRIES]},
                    {"sem_ver": [{"var": "version"}, ">=", LEAST_VERSION]},
                    {"ends_with": [{"var": "email"}, DOMAIN]},
                ]},
                split,
                "off",
            ]})),
        }
    }

    /// The flag in flagd's words.
    pub fn flag(self) -> Value {
        let default = if self == Self::Static { "on" } else { "off" };
        let mut flag =
            json!({"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": default});
        if let Some(targeting) = self.targeting() {
            flag["targeting"] = targeting;
        }
        flag
    }

    /// A document with this one flag.
    pub fn document(self) -> String {
        json!({"flags": {KEY: self.flag()}}).to_string()
    }
}

/// Somebody for whom every condition of [`Shape::Rule`] holds.
pub struct User {
    pub id: String,
    pub country: &'static str,
    pub version: String,
    pub email: String,
}

pub fn users() -> Vec<User> {
    (0..USERS)
        .map(|number| User {
            id: format!("user-{number:06}"),
            country: COUNTRIES[number % COUNTRIES.len()],
            version: format!("2.{}.{}", 1 + number % 7, number % 10),
            email: format!("user-{number:06}{DOMAIN}"),
        })
        .collect()
}

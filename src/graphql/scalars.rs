//! Custom scalars: times, days, months, decimals, currencies, JSON.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value};
use domain::{Currency, Money, Month, Timestamp};

/// A point in time, RFC 3339 in UTC: `2026-11-22T05:52:00Z`. As input any offset is accepted.
#[derive(Clone, Copy)]
pub(crate) struct DateTime(pub Timestamp);

/// A point in time, RFC 3339 in UTC: `2026-11-22T05:52:00Z`. As input any offset is accepted.
#[Scalar(name = "DateTime", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) if text.contains(['T', 't']) => {
                Timestamp::parse(text).map(Self).ok_or_else(|| {
                    InputValueError::custom("expected RFC 3339, as 2026-11-22T05:52:00Z")
                })
            }
            Value::String(_) => {
                Err(InputValueError::custom("expected RFC 3339, as 2026-11-22T05:52:00Z"))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A calendar month: `2026-03`.
#[derive(Clone, Copy)]
pub(crate) struct YearMonth(pub Month);

/// A calendar month: `2026-03`.
#[Scalar(name = "YearMonth", specified_by_url = "https://www.w3.org/TR/xmlschema11-2/#gYearMonth")]
impl ScalarType for YearMonth {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Month::parse(text)
                .map(Self)
                .ok_or_else(|| InputValueError::custom("expected a month, as 2026-03")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An exact decimal number, written as text so that no digit is lost: `"1234.50"`.
#[derive(Clone)]
pub(crate) struct Decimal(pub String);

/// An exact decimal number, written as text so that no digit is lost: `"1234.50"`.
#[Scalar(name = "Decimal", specified_by_url = "https://www.w3.org/TR/xmlschema11-2/#decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = match &value {
            Value::String(text) => text.clone(),
            Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
            _ => return Err(InputValueError::expected_type(value)),
        };
        let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
        let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if !plain || digits.matches('.').count() > 1 || digits.trim_matches('.').is_empty() {
            return Err(InputValueError::custom(
                "expected a decimal number as text, as \"1234.50\"",
            ));
        }
        Ok(Self(text))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A currency by its ISO 4217 code: `EUR`.
#[derive(Clone, Copy)]
pub(crate) struct CurrencyCode(pub Currency);

/// A currency by its ISO 4217 code: `EUR`.
#[Scalar(
    name = "CurrencyCode",
    specified_by_url = "https://www.iso.org/iso-4217-currency-codes.html"
)]
impl ScalarType for CurrencyCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Currency::parse(text)
                .map(Self)
                .ok_or_else(|| InputValueError::custom("expected an ISO 4217 code, as EUR")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.code().to_owned())
    }
}

/// Any JSON value, where the shape is not ours: a record as its source sent it, evidence of a
/// comparison.
pub(crate) struct Json(pub Value);

/// Any JSON value, where the shape is not ours: a record as its source sent it, evidence of a
/// comparison.
#[Scalar(name = "JSON", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self(value))
    }

    fn to_value(&self) -> Value {
        self.0.clone()
    }
}

impl Json {
    /// From what can be written as JSON.
    pub(crate) fn of(value: &impl serde::Serialize) -> Self {
        let value = serde_json::to_value(value).ok();
        Self(value.and_then(|json| Value::from_json(json).ok()).unwrap_or(Value::Null))
    }

    /// From JSON text; a text that is none becomes a JSON string.
    pub(crate) fn read(text: &str) -> Self {
        let value = serde_json::from_str::<serde_json::Value>(text)
            .ok()
            .and_then(|json| Value::from_json(json).ok())
            .unwrap_or_else(|| Value::String(text.to_owned()));
        Self(value)
    }
}

/// An exact amount of one currency.
#[derive(Clone, SimpleObject)]
#[graphql(name = "Money")]
pub(crate) struct MoneyValue {
    /// The amount in the currency's major unit, with all its decimals.
    amount: Decimal,
    /// The currency.
    currency: CurrencyCode,
}

impl From<Money> for MoneyValue {
    fn from(money: Money) -> Self {
        Self { amount: Decimal(money.to_major_string()), currency: CurrencyCode(money.currency) }
    }
}

/// A count as GraphQL's `Int`, which has 32 bits; greater ones stop at its greatest value.
pub(crate) fn int(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(if count < 0 { i32::MIN } else { i32::MAX })
}

//! Arithmetic on numbers. What Velocity cannot calculate is null: it logs and goes on.

use crate::{syntax::Operator, value::Value};

pub(super) fn calculate(operator: Operator, left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => whole(operator, *left, *right).map_or(Value::Null, Value::Int),
        (Value::Int(left), Value::Float(right)) => fractional(operator, *left as f64, *right),
        (Value::Float(left), Value::Int(right)) => fractional(operator, *left, *right as f64),
        (Value::Float(left), Value::Float(right)) => fractional(operator, *left, *right),
        _ => Value::Null,
    }
}

fn whole(operator: Operator, left: i128, right: i128) -> Option<i128> {
    match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide => left.checked_div(right),
        Operator::Remainder => left.checked_rem(right),
        _ => None,
    }
}

fn fractional(operator: Operator, left: f64, right: f64) -> Value {
    match operator {
        Operator::Add => Value::Float(left + right),
        Operator::Subtract => Value::Float(left - right),
        Operator::Multiply => Value::Float(left * right),
        Operator::Divide | Operator::Remainder if right == 0.0 => Value::Null,
        Operator::Divide => Value::Float(left / right),
        Operator::Remainder => Value::Float(left % right),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_divide_to_whole_numbers() {
        assert!(matches!(calculate(Operator::Divide, &Value::Int(7), &Value::Int(2)), Value::Int(3)));
    }

    #[test]
    fn dividing_by_zero_is_null() {
        for zero in [Value::Int(0), Value::Float(0.0)] {
            assert!(calculate(Operator::Divide, &Value::Int(7), &zero).is_null());
            assert!(calculate(Operator::Remainder, &Value::Float(7.0), &zero).is_null());
        }
    }

    #[test]
    fn overflow_is_null() {
        assert!(calculate(Operator::Add, &Value::Int(i128::MAX), &Value::Int(1)).is_null());
    }
}

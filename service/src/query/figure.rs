//! The figures of a group: how each is computed, compared, ordered by and shown, the same on both databases.
//!
//! **Sums** are computed in two halves, of the upper and the lower 32 bits: PostgreSQL widens the sum of whole numbers
//! to `numeric` and SQLite gives up beyond 64 bits, while the halves of any sum fit. They are put together here.
//! **Means** are ordered and compared as the quotient of doubles, and shown exactly, rounded to [`MEAN_DECIMALS`].

use sea_orm::{
    DbBackend, DbErr, QueryResult, Value,
    sea_query::{Alias, Expr, ExprTrait, Func},
};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    ast::{Figure, Function, Operation, Part, Test},
    filter,
    value::Typed,
};
use crate::{
    Error, Result,
    field::{Column, Kind, Uses},
    record::{Shown, read_value},
};

/// The decimals of a mean.
const MEAN_DECIMALS: u32 = 6;
/// What the lower half of a sum counts in.
const HALF: i128 = 1 << 32;

/// A figure with the column that it is computed of, and the names of its columns among those of the groups.
#[derive(Clone, Debug)]
pub(super) struct Computed {
    pub(super) figure: Figure,
    column: Option<&'static Column>,
    operand: Alias,
    result: Alias,
    lower: Alias,
    count: Alias,
}

/// A figure as it is shown.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Cell {
    /// A value of a column.
    #[serde(serialize_with = "shown")]
    Value(Value),
    /// A number of any size.
    Number(Box<RawValue>),
    /// The figure of no values.
    Null,
}

fn shown<S: serde::Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    Shown(value).serialize(serializer)
}

impl Computed {
    /// # Errors
    /// `BadQuery` for a function that does not fit the column.
    pub(super) fn new(
        parameter: &str,
        index: usize,
        figure: Figure,
        column: Option<&'static Column>,
    ) -> Result<Self> {
        if let Some(column) = column.filter(|column| !fits(figure.function, column.kind)) {
            let message =
                format!("{figure} cannot be computed: {:?} is not of a fitting kind", column.name);
            return Err(Error::bad_query(parameter, message));
        }
        let name = |prefix: &str| Alias::new(format!("{prefix}{index}"));
        Ok(Self {
            figure,
            column,
            operand: name("a"),
            result: name("f"),
            lower: name("l"),
            count: name("n"),
        })
    }

    /// The operand, as a column of the rows of `table`.
    pub(super) fn operand(&self, table: &'static str) -> Option<(Expr, Alias)> {
        self.column.map(|column| (Expr::col((table, column.column)), self.operand.clone()))
    }

    /// Its columns among those of the groups.
    pub(super) fn columns(&self) -> Vec<(Expr, Alias)> {
        let operand = || Expr::col(self.operand.clone());
        let half = |half: Expr| Func::cast_as(Func::sum(half), "bigint").into();
        let halves = || {
            [
                (half(operand().right_shift(constant("32"))), self.result.clone()),
                (half(operand().bit_and(constant("4294967295"))), self.lower.clone()),
            ]
        };
        match self.figure.function {
            Function::Count => vec![(Func::count(constant("*")).into(), self.result.clone())],
            Function::CountDistinct => {
                vec![(Func::count_distinct(operand()).into(), self.result.clone())]
            }
            Function::Min => vec![(Func::min(operand()).into(), self.result.clone())],
            Function::Max => vec![(Func::max(operand()).into(), self.result.clone())],
            Function::Sum => halves().into(),
            Function::Avg => {
                let count = (Func::count(operand()).into(), self.count.clone());
                halves().into_iter().chain([count]).collect()
            }
        }
    }

    /// What the groups are ordered by, to be ordered by it.
    pub(super) fn order(&self) -> Vec<Expr> {
        match self.figure.function {
            Function::Sum => self.sum().into(),
            Function::Avg => vec![self.mean()],
            _ => vec![Expr::col(self.result.clone())],
        }
    }

    /// The halves of a sum, the lower between 0 and 2³²: ordered like the sum.
    fn sum(&self) -> [Expr; 2] {
        let (upper, lower) = (Expr::col(self.result.clone()), Expr::col(self.lower.clone()));
        [
            upper.add(lower.clone().right_shift(constant("32"))),
            lower.bit_and(constant("4294967295")),
        ]
    }

    fn mean(&self) -> Expr {
        let double = |expression: Expr| Expr::from(Func::cast_as(expression, "double precision"));
        let [upper, lower] = self.sum().map(double);
        let two_to_the_32nd = double(constant("4294967296"));
        // Where there is nothing to count there is no sum either, and null divided by zero is null.
        let count = double(Expr::col(self.count.clone()));
        upper.mul(two_to_the_32nd).add(lower).div(count)
    }

    /// A test in `having`.
    ///
    /// # Errors
    /// `BadQuery` for an operator or a value that does not fit it.
    pub(super) fn compare(&self, backend: DbBackend, test: &Test) -> Result<Expr> {
        let kind = match (self.figure.function, self.column) {
            (Function::Min | Function::Max, Some(column)) => column.kind,
            (Function::Avg, _) => Kind::Double,
            _ => Kind::Integer,
        };
        // As a column, so that it is tested like one.
        let column = Column {
            name: self.figure.to_string(),
            column: "",
            kind,
            nullable: true,
            uses: Uses::default(),
            choices: Vec::new(),
        };
        let typed = Typed { test, column: &column };
        match self.figure.function {
            Function::Sum => self.compare_sum(typed),
            Function::Avg => filter::compare(backend, self.mean(), typed),
            _ => filter::compare(backend, Expr::col(self.result.clone()), typed),
        }
    }

    fn compare_sum(&self, typed: Typed<'_>) -> Result<Expr> {
        let halves = |text: &str| {
            let number = typed.integer(text)?;
            let halves = [number >> 32, number & 0xFFFF_FFFF];
            Ok::<_, Error>(Expr::tuple(halves.map(Expr::val)))
        };
        let sum = Expr::tuple(self.sum());
        let upper = Expr::col(self.result.clone());
        Ok(match &typed.test.operation {
            Operation::Eq(text) => sum.eq(halves(text)?),
            Operation::Ne(text) => sum.ne(halves(text)?),
            Operation::Gt(text) => sum.gt(halves(text)?),
            Operation::Gte(text) => sum.gte(halves(text)?),
            Operation::Lt(text) => sum.lt(halves(text)?),
            Operation::Lte(text) => sum.lte(halves(text)?),
            Operation::Between(low, high) => {
                sum.clone().gte(halves(low)?).and(sum.lte(halves(high)?))
            }
            Operation::IsNull => upper.is_null(),
            Operation::IsNotNull => upper.is_not_null(),
            _ => {
                return Err(
                    typed.error("is a sum: eq, ne, gt, gte, lt, lte, between and is fit it")
                );
            }
        })
    }

    /// Reads its columns, of which the first is at `index`; the index after them comes back too.
    ///
    /// # Errors
    /// When a column holds something else.
    pub(super) fn read(&self, row: &QueryResult, index: usize) -> Result<(Cell, usize), DbErr> {
        let kind = match (self.figure.function, self.column) {
            (Function::Min | Function::Max, Some(column)) => column.kind,
            (Function::Sum | Function::Avg, _) => return self.read_sum(row, index),
            _ => Kind::Integer,
        };
        Ok((Cell::Value(read_value(row, index, kind)?), index + 1))
    }

    fn read_sum(&self, row: &QueryResult, index: usize) -> Result<(Cell, usize), DbErr> {
        let upper: Option<i64> = row.try_get_by_index(index)?;
        let lower: Option<i64> = row.try_get_by_index(index + 1)?;
        let sum =
            upper.zip(lower).map(|(upper, lower)| i128::from(upper) * HALF + i128::from(lower));
        if self.figure.function == Function::Sum {
            return Ok((number(sum.map(|sum| sum.to_string())), index + 2));
        }
        let count: i64 = row.try_get_by_index(index + 2)?;
        Ok((number(sum.map(|sum| mean(sum, i128::from(count)))), index + 3))
    }
}

/// Which functions there are of which values. Sums of floating-point numbers would depend on the order of the rows.
pub(super) fn fits(function: Function, kind: Kind) -> bool {
    match function {
        Function::Count => true,
        Function::CountDistinct => !matches!(kind, Kind::Time | Kind::Json),
        Function::Sum | Function::Avg => kind == Kind::Integer,
        Function::Min | Function::Max => !matches!(kind, Kind::Uuid | Kind::Boolean | Kind::Json),
    }
}

/// `sum / count`, rounded half away from zero, without trailing zeros.
fn mean(sum: i128, count: i128) -> String {
    let count = count.max(1);
    let scale = 10_i128.pow(MEAN_DECIMALS);
    let scaled = (sum.abs() * scale * 2 + count) / (count * 2);
    let sign = if sum < 0 && scaled > 0 { "-" } else { "" };
    let width = usize::try_from(MEAN_DECIMALS).unwrap_or_default();
    let digits = format!("{sign}{}.{:0width$}", scaled / scale, scaled % scale);
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn number(digits: Option<String>) -> Cell {
    digits.and_then(|digits| RawValue::from_string(digits).ok()).map_or(Cell::Null, Cell::Number)
}

/// The day, month or year of a moment, in UTC.
pub(super) fn part_of_time(backend: DbBackend, moment: Expr, part: Part) -> Expr {
    let (text, length) = match part {
        Part::Day => ("to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM-DD') COLLATE \"C\"", "10"),
        Part::Month => ("to_char($1 AT TIME ZONE 'UTC', 'YYYY-MM') COLLATE \"C\"", "7"),
        Part::Year => ("to_char($1 AT TIME ZONE 'UTC', 'YYYY') COLLATE \"C\"", "4"),
    };
    if backend == DbBackend::Sqlite {
        // Moments are text there, in UTC, and begin with the date.
        let from_the_first = [moment, constant("1"), constant(length)];
        return Func::cust("substr").args(from_the_first).into();
    }
    Expr::cust_with_exprs(text, [moment])
}

/// SQL of ours, where a parameter would have no type or would make two equal expressions different.
fn constant(sql: &'static str) -> Expr {
    Expr::cust(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_rounded_half_away_from_zero() {
        for (sum, count, shown) in [
            (10, 4, "2.5"),
            (-10, 4, "-2.5"),
            (1, 3, "0.333333"),
            (2, 3, "0.666667"),
            (-2, 3, "-0.666667"),
            (1, 2_000_000, "0.000001"),
            (-1, 2_000_001, "0"),
            (20, 2, "10"),
            (i128::from(i64::MAX) * 4, 4, "9223372036854775807"),
        ] {
            assert_eq!(mean(sum, count), shown, "{sum}/{count}");
        }
    }
}

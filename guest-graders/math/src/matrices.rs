//! Matrix arithmetic, and the comparison of matrices cell by cell.

use crate::decide::Decision;
use crate::numeric;
use crate::policy::Policy;
use crate::tree::{Expression, Function};
use crate::values;
use crate::work::Work;

type Rows = Vec<Vec<Expression>>;

/// Compares two values at least one of which holds a matrix; none when neither does.
pub fn compare(left: &Expression, right: &Expression, policy: &Policy, work: &mut Work) -> Option<Decision> {
    let holds = |side: &Expression| side.any(&|part| matches!(part, Expression::Matrix(_)));
    if !holds(left) && !holds(right) {
        return None;
    }
    let (Some(left), Some(right)) = (evaluated(left), evaluated(right)) else {
        return Some(Decision::Undecided("the matrices cannot be multiplied out".to_owned()));
    };
    let (left, right) = match (left, right) {
        (Expression::Matrix(left), Expression::Matrix(right)) => (left, right),
        (Expression::Matrix(_), _) | (_, Expression::Matrix(_)) => {
            return Some(Decision::Different("only one of them is a matrix".to_owned()));
        }
        (left, right) => return Some(values::compare(&left, &right, policy, work)),
    };
    let shape = |rows: &Rows| (rows.len(), rows.first().map_or(0, Vec::len));
    if shape(&left) != shape(&right) {
        let ((found_rows, found_columns), (rows, columns)) = (shape(&left), shape(&right));
        return Some(Decision::Different(format!(
            "the matrices have different shapes: {found_rows} by {found_columns}, and {rows} by {columns}"
        )));
    }
    let cells = left.iter().flatten().zip(right.iter().flatten());
    Some(Decision::all(cells.map(|(left, right)| values::compare(left, right, policy, work))))
}

/// The expression with its matrix operations carried out.
pub fn evaluated(expression: &Expression) -> Option<Expression> {
    match expression {
        Expression::Sum(parts) => {
            let mut parts = parts.iter().map(evaluated);
            let first = parts.next()??;
            parts.try_fold(first, |total, part| sum(total, part?))
        }
        Expression::Product(parts) => {
            let mut parts = parts.iter().map(evaluated);
            let first = parts.next()??;
            parts.try_fold(first, |total, part| product(total, part?))
        }
        Expression::Call(Function::Determinant, arguments) => match arguments.first().and_then(evaluated)? {
            Expression::Matrix(rows) => determinant(&rows),
            _ => None,
        },
        Expression::Power(base, exponent) => match evaluated(base)? {
            Expression::Matrix(rows) => power(rows, exponent),
            base => Some(Expression::Power(Box::new(base), exponent.clone())),
        },
        other => Some(other.clone()),
    }
}

fn sum(left: Expression, right: Expression) -> Option<Expression> {
    match (left, right) {
        (Expression::Matrix(left), Expression::Matrix(right)) => {
            if left.len() != right.len() {
                return None;
            }
            let rows = left.into_iter().zip(right).map(|(left, right)| {
                (left.len() == right.len()).then(|| {
                    left.into_iter().zip(right).map(|(left, right)| Expression::Sum(vec![left, right])).collect()
                })
            });
            rows.collect::<Option<_>>().map(Expression::Matrix)
        }
        (Expression::Matrix(_), _) | (_, Expression::Matrix(_)) => None,
        (left, right) => Some(Expression::Sum(vec![left, right])),
    }
}

fn product(left: Expression, right: Expression) -> Option<Expression> {
    match (left, right) {
        (Expression::Matrix(left), Expression::Matrix(right)) => {
            let width = right.first()?.len();
            if left.first()?.len() != right.len() || left.len() * width * right.len() > 4_096 {
                return None;
            }
            let cell = |row: &[Expression], column: usize| {
                let terms = row.iter().zip(&right);
                let terms = terms
                    .map(|(cell, other)| Some(Expression::Product(vec![cell.clone(), other.get(column)?.clone()])));
                terms.collect::<Option<Vec<_>>>().map(Expression::Sum)
            };
            let rows = left.iter().map(|row| (0..width).map(|column| cell(row, column)).collect::<Option<Vec<_>>>());
            rows.collect::<Option<_>>().map(Expression::Matrix)
        }
        (Expression::Matrix(rows), scalar) | (scalar, Expression::Matrix(rows)) => Some(Expression::Matrix(
            rows.into_iter()
                .map(|row| row.into_iter().map(|cell| Expression::Product(vec![scalar.clone(), cell])).collect())
                .collect(),
        )),
        (left, right) => Some(Expression::Product(vec![left, right])),
    }
}

/// A square matrix to a small whole power.
fn power(rows: Rows, exponent: &Expression) -> Option<Expression> {
    let exponent = numeric::rational_value(exponent).filter(dashu_ratio::RBig::is_int)?;
    let count = i32::try_from(exponent.numerator().clone()).ok().filter(|count| (1..=8).contains(&count.abs()))?;
    let base = if count < 0 { inverse(&rows)? } else { Expression::Matrix(rows) };
    (1..count.abs()).try_fold(base.clone(), |total, _| product(total, base.clone()))
}

/// The adjugate over the determinant; of at most four rows.
fn inverse(rows: &Rows) -> Option<Expression> {
    if rows.len() > 4 || rows.iter().any(|row| row.len() != rows.len()) {
        return None;
    }
    let over = determinant(rows)?.inverse();
    if rows.len() == 1 {
        return Some(Expression::Matrix(vec![vec![over]]));
    }
    let cell = |row: usize, column: usize| {
        let cofactor = determinant(&minor(rows, column, row))?;
        let signed = if (row + column).is_multiple_of(2) { cofactor } else { cofactor.negative() };
        Some(Expression::Product(vec![signed, over.clone()]))
    };
    let cells = (0..rows.len()).map(|row| (0..rows.len()).map(|column| cell(row, column)).collect::<Option<Vec<_>>>());
    cells.collect::<Option<_>>().map(Expression::Matrix)
}

/// The rows without one of them and without one column.
fn minor(rows: &Rows, row: usize, column: usize) -> Rows {
    let without = |cells: &[Expression]| {
        cells.iter().enumerate().filter(|(at, _)| *at != column).map(|(_, cell)| cell.clone()).collect()
    };
    rows.iter().enumerate().filter(|(at, _)| *at != row).map(|(_, cells)| without(cells)).collect()
}

/// By the first row; of at most five rows.
fn determinant(rows: &Rows) -> Option<Expression> {
    if rows.len() > 5 || rows.iter().any(|row| row.len() != rows.len()) {
        return None;
    }
    if let [only] = rows.as_slice() {
        return only.first().cloned();
    }
    let mut terms = Vec::new();
    for (column, cell) in rows.first()?.iter().enumerate() {
        let term = Expression::Product(vec![cell.clone(), determinant(&minor(rows, 0, column))?]);
        terms.push(if column % 2 == 0 { term } else { term.negative() });
    }
    Some(Expression::Sum(terms))
}

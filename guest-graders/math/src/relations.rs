//! Equations and inequalities: the same up to a constant factor.

use dashu_base::Signed;
use dashu_ratio::RBig;

use crate::canonical::{Field, Polynomial};
use crate::decide::Decision;
use crate::numeric::{self, Finding};
use crate::policy::Policy;
use crate::tree::{Comparison, Expression};
use crate::values;
use crate::work::Work;

/// One comparison with its two sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    pub left: Expression,
    pub comparison: Comparison,
    pub right: Expression,
}

impl Relation {
    fn difference(&self) -> Expression {
        self.left.clone().minus(self.right.clone())
    }

    /// With `<` and `<=` only.
    fn turned(&self) -> Self {
        match self.comparison {
            Comparison::Greater | Comparison::GreaterOrEqual => {
                Self { left: self.right.clone(), comparison: self.comparison.reversed(), right: self.left.clone() }
            }
            _ => self.clone(),
        }
    }
}

/// Compares two relations.
pub fn compare(left: &Relation, right: &Relation, work: &mut Work) -> Decision {
    let (left, right) = (left.turned(), right.turned());
    if left.comparison != right.comparison {
        return Decision::Different(format!(
            "one says {}, the other {}",
            left.comparison.sign(),
            right.comparison.sign()
        ));
    }
    if left.left == right.left
        && let decision @ (Decision::Equal | Decision::Different(_)) =
            values::compare(&left.right, &right.right, &Policy::default(), work)
        && (decision == Decision::Equal || holds_matrix(&left.right))
    {
        return decision;
    }
    if holds_matrix(&left.left) || holds_matrix(&left.right) {
        return side_by_side(&left, &right, work);
    }
    if left.comparison == Comparison::Equal
        && let Some(decision) = solved_alike(&left, &right, work)
    {
        return decision;
    }
    let ordered = !matches!(left.comparison, Comparison::Equal | Comparison::NotEqual);
    let mut field = Field::default();
    let forms = (field.canonical(&left.difference(), work), field.canonical(&right.difference(), work));
    if let (Ok(first), Ok(second)) = forms {
        let constant_denominators = first.denominator.len() == 1 && second.denominator.len() == 1;
        if first.numerator.is_empty() || second.numerator.is_empty() {
            let both = first.numerator.is_empty() && second.numerator.is_empty();
            return if both { Decision::Equal } else { Decision::different() };
        }
        if !ordered || constant_denominators {
            let shift = !ordered;
            match factor(&cleared(&first.numerator, shift), &cleared(&second.numerator, shift)) {
                Some(factor) if !ordered || factor.is_positive() => return Decision::Equal,
                _ if field.is_decisive() => return Decision::different(),
                _ => {}
            }
        }
    }
    proportional(&left, &right, ordered, work)
}

/// Relations between matrices: the sides are the same, as they stand or exchanged.
fn side_by_side(left: &Relation, right: &Relation, work: &mut Work) -> Decision {
    let mut same =
        |one: &Expression, other: &Expression| values::compare(one, other, &Policy::default(), work) == Decision::Equal;
    let straight = same(&left.left, &right.left) && same(&left.right, &right.right);
    let exchanged = || left.comparison == Comparison::Equal || left.comparison == Comparison::NotEqual;
    if straight || exchanged() && same(&left.left, &right.right) && same(&left.right, &right.left) {
        return Decision::Equal;
    }
    Decision::Undecided("relations between matrices are compared side by side only".to_owned())
}

/// Equations `L = R` and `L = S`, where `L` holds a variable that neither `R` nor `S` does: both hold at a common point
/// only where `R` and `S` are the same.
fn solved_alike(left: &Relation, right: &Relation, work: &mut Work) -> Option<Decision> {
    if left.left != right.left {
        return None;
    }
    let others = [left.right.symbols(), right.right.symbols()].concat();
    if left.left.symbols().iter().all(|name| others.contains(name)) {
        return None;
    }
    match values::compare(&left.right, &right.right, &Policy::default(), work) {
        Decision::Different(_) => Some(Decision::different()),
        _ => None,
    }
}

fn holds_matrix(side: &Expression) -> bool {
    side.any(&|part| matches!(part, Expression::Matrix(_)))
}

/// The number that `first` is times `second`.
fn factor(first: &Polynomial, second: &Polynomial) -> Option<RBig> {
    if first.len() != second.len() {
        return None;
    }
    let mut ratio: Option<RBig> = None;
    for ((first_key, first_value), (second_key, second_value)) in first.iter().zip(second) {
        let here = first_value / second_value;
        if first_key != second_key || ratio.as_ref().is_some_and(|ratio| *ratio != here) {
            return None;
        }
        ratio = Some(here);
    }
    ratio
}

/// Multiplied by the powers that leave no negative exponent.
fn cleared(polynomial: &Polynomial, shift: bool) -> Polynomial {
    let mut lowest: Vec<(usize, RBig)> = Vec::new();
    for (atom, exponent) in polynomial.keys().flatten().filter(|(_, exponent)| shift && exponent.is_negative()) {
        match lowest.iter_mut().find(|(known, _)| known == atom) {
            Some((_, least)) if *least > *exponent => least.clone_from(exponent),
            Some(_) => {}
            None => lowest.push((*atom, exponent.clone())),
        }
    }
    polynomial
        .iter()
        .map(|(key, value)| {
            let mut key = key.clone();
            for (atom, least) in &lowest {
                match key.iter_mut().find(|(known, _)| known == atom) {
                    Some((_, exponent)) => *exponent -= least,
                    None => key.push((*atom, -least.clone())),
                }
            }
            key.retain(|(_, exponent)| !exponent.is_zero());
            key.sort();
            (key, value.clone())
        })
        .collect()
}

/// Tests `F(x) G(c) = G(x) F(c)` at points, for one fixed point c.
fn proportional(left: &Relation, right: &Relation, ordered: bool, work: &mut Work) -> Decision {
    if left.left.symbols().is_empty() && left.right.symbols().is_empty() {
        return Decision::Undecided("a relation without variables".to_owned());
    }
    let at = |expression: &Expression| {
        let names = expression.symbols();
        names.iter().enumerate().fold(expression.clone(), |expression, (place, name)| {
            let value = RBig::from_parts(dashu_int::IBig::from(13 + 4 * place), dashu_int::UBig::from(9u8));
            expression.substitute(name, &Expression::Number(value))
        })
    };
    let (first, second) = (left.difference(), right.difference());
    let (first_here, second_here) = (at(&first), at(&second));
    if ordered && numeric::sign(&first_here, work) != numeric::sign(&second_here, work) {
        return Decision::Undecided("the inequalities are of different forms".to_owned());
    }
    let one = Expression::Product(vec![first, second_here.clone()]);
    let other = Expression::Product(vec![second, first_here.clone()]);
    let nonzero =
        numeric::sign(&first_here, work).unwrap_or(0) != 0 && numeric::sign(&second_here, work).unwrap_or(0) != 0;
    match numeric::compare(&one, &other, work) {
        Finding::Equal if nonzero => Decision::Equal,
        Finding::Different(_) if !ordered => {
            Decision::Undecided("the equations are no constant multiple of each other".to_owned())
        }
        _ => Decision::Undecided("the relations cannot be brought to one form".to_owned()),
    }
}

//! Which model fits a business.
//!
//! Owns the rules, and the reason that is given with each choice.

use super::{Fit, MbgNbd, ParetoNbd, Reason};

/// Whether the end of a relation is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// A contract ends: who left is known.
    Contractual,
    /// Customers leave without a word, and may buy at any time.
    Continuous,
    /// Customers leave without a word, and may buy at set opportunities.
    Discrete,
}

/// The models for a relation, the preferred first, and why. BG/NBD is none: it takes everybody who
/// bought once to be a customer for ever, so that chances to be one mislead; it is used when named.
pub fn models(relation: Relation) -> (&'static [&'static str], &'static str) {
    match relation {
        Relation::Contractual => (
            &["sbg", "bdw"],
            "a contract ends: who left is known, and only how long the others stay is estimated",
        ),
        Relation::Continuous => (
            &["pareto-nbd", "mbg-nbd"],
            "customers leave without a word and may buy at any time; of the models in which those who \
             bought once can have left too, the likelier",
        ),
        Relation::Discrete => {
            (&["bg-bb"], "customers leave without a word and buy at set opportunities only")
        }
    }
}

/// The fit that was chosen for purchases at any time.
#[derive(Clone, Debug, PartialEq)]
pub enum Chosen {
    /// Leaving at any moment.
    Pareto(Fit<ParetoNbd, 4>),
    /// Leaving after a purchase.
    Mbg(Fit<MbgNbd, 4>),
}

/// The likelier of two fits with equally many parameters, if it converged, and why.
///
/// # Errors
/// When neither converged, why the first did not.
pub fn likelier(
    pareto: Result<Fit<ParetoNbd, 4>, Reason>,
    mbg: Result<Fit<MbgNbd, 4>, Reason>,
) -> Result<(Chosen, String), Reason> {
    let converged = |failure: Option<Reason>| failure.map_or(Ok(()), Err);
    let pareto = pareto.and_then(|fit| converged(fit.failure).map(|()| fit));
    let mbg = mbg.and_then(|fit| converged(fit.failure).map(|()| fit));
    Ok(match (pareto, mbg) {
        (Ok(pareto), Ok(mbg)) => {
            let (p, m) = (pareto.log_likelihood, mbg.log_likelihood);
            let why = format!("log-likelihood {p:.3} of pareto-nbd, {m:.3} of mbg-nbd");
            if p >= m { (Chosen::Pareto(pareto), why) } else { (Chosen::Mbg(mbg), why) }
        }
        (Ok(pareto), Err(reason)) => {
            (Chosen::Pareto(pareto), format!("mbg-nbd has no maximum here: {reason}"))
        }
        (Err(reason), Ok(mbg)) => {
            (Chosen::Mbg(mbg), format!("pareto-nbd has no maximum here: {reason}"))
        }
        (Err(reason), Err(_)) => return Err(reason),
    })
}

//! Customer lifetime value: models of who is still a customer, how often they will buy and for how much.
//!
//! Owns the models of the field: for customers without a contract BG/NBD, MBG/NBD, Pareto/NBD and BG/BB
//! with Gamma-Gamma for the amounts; for contracts sBG and BdW; their fits by maximum likelihood, what
//! follows for one customer and for all, and how far it held in a hold-out period. Numbers here are
//! *estimates* and are `f64`, unlike what the rest of the crate counts; money enters as exact minor
//! units. Refuses numbers that are not: no function returns NaN or infinity, but a [`Reason`].

mod beta_binomial;
mod beta_geometric;
mod choice;
mod contract;
mod customer;
mod definitions;
mod fit;
mod gamma_gamma;
mod history;
mod holdout;
mod pareto;
mod population;
mod purchasing;
mod quadrature;
mod reason;
mod score;
mod special;
mod stored;
mod transactions;

pub use beta_binomial::BgBb;
pub use beta_geometric::{BgNbd, MbgNbd};
pub use choice::{Chosen, Relation, likelier, models};
pub use contract::{Bdw, Sbg, Survival};
pub use customer::{Estimate, Horizon, Prediction, contract_of, predict, purchase_lines};
pub(crate) use definitions::DEFINITIONS;
pub use gamma_gamma::{Correlation, GammaGamma, Spend};
pub use history::{Histories, History};
pub use holdout::{Bin, Holdout, holdout};
pub use pareto::ParetoNbd;
pub use population::{ContractState, Population, PurchaseLine};
pub use purchasing::Purchasing;
pub use reason::Reason;
pub use score::{Ahead, Outlook, Scorer, interval, ln_variance, worth};
pub use stored::{Family, FittedModel, StoredFit, Tenure};
pub use transactions::{Findings, Line, Purchases, Summary, Timing, common_gap, purchases};

use fit::Maximum;

/// A model with `N` parameters, all positive.
pub trait Model<const N: usize>: Copy {
    /// As the command line and stored fits name it.
    const NAME: &'static str;
    /// The names of the parameters, in order.
    const NAMES: [&'static str; N];

    /// The model with these parameters.
    ///
    /// # Errors
    /// [`Reason::BadParameter`] unless all are positive and finite.
    fn of(params: [f64; N]) -> Result<Self, Reason>;

    /// The parameters, in the order of the names.
    fn params(&self) -> [f64; N];
}

/// A model fitted to data by maximum likelihood.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit<M, const N: usize> {
    /// The model with its parameters.
    pub model: M,
    /// Their standard errors, from the observed information; none where the likelihood is not curved.
    pub standard_errors: Option<[f64; N]>,
    /// The covariance of the logarithms of the parameters.
    pub ln_covariance: Option<[[f64; N]; N]>,
    /// The log-likelihood.
    pub log_likelihood: f64,
    /// Customers that were fitted.
    pub n: f64,
    /// A hash of what was fitted: another one says that the data changed and the fit is to be renewed.
    pub data_hash: String,
    /// Evaluations of the likelihood.
    pub evaluations: usize,
    /// Why this is no maximum; `None` when the fit converged.
    pub failure: Option<Reason>,
}

impl<M: Model<N>, const N: usize> Fit<M, N> {
    fn new(maximum: Option<Maximum<N>>, n: f64, data_hash: String) -> Result<Self, Reason> {
        let maximum = maximum.ok_or(Reason::NoData)?;
        Ok(Self {
            model: M::of(maximum.params)?,
            standard_errors: maximum.standard_errors(),
            ln_covariance: maximum.ln_covariance,
            log_likelihood: maximum.log_likelihood,
            n,
            data_hash,
            evaluations: maximum.evaluations,
            failure: maximum.failure,
        })
    }

    /// Whether the parameters are those of a maximum.
    pub fn converged(&self) -> bool {
        self.failure.is_none()
    }
}

/// A hash of numbers in their order (XXH3, 128 bits, as hexadecimal digits).
fn hash_of(numbers: impl Iterator<Item = u64>) -> String {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    numbers.for_each(|number| hasher.update(&number.to_le_bytes()));
    format!("{:032x}", hasher.digest128())
}

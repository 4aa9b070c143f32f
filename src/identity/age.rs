//! How old a record is, for every tie that the oldest record decides.

use domain::RecordId;

/// Creation time in milliseconds since 1970 (`i64::MAX` when unknown), then the record's id: a
/// total order, the oldest record first.
pub type Age = (i64, RecordId);

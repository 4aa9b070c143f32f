//! Support: how many tickets customers write and how long they wait for the first answer.

use super::{Spread, Window, WorkingCalendar, spread};
use crate::exact::quotient;
use crate::{Measured, NullReason, Ratio};
use domain::Timestamp;

/// `100 * tickets / active customers`, exactly; `ZERO_DENOMINATOR` without an active customer.
#[must_use]
pub fn tickets_per_100_active(tickets: i64, active_customers: i64) -> Measured<Ratio> {
    quotient(100 * i128::from(tickets), i128::from(active_customers)).into()
}

/// When a ticket was opened and first answered by a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketTimes {
    /// Opened.
    pub created_at: Timestamp,
    /// First answered; `None` when not yet, or when the source does not say.
    pub first_reply_at: Option<Timestamp>,
}

/// Which hours count.
#[derive(Clone, Copy, Debug)]
pub enum Hours<'a> {
    /// All of them.
    Calendar,
    /// Those of a working calendar.
    Business(&'a WorkingCalendar),
}

/// First response times of the tickets opened in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstResponse {
    /// Median and mean of the answered ones, in milliseconds.
    pub time: Measured<Spread>,
    /// Tickets without an answer at the moment asked about; in no time.
    pub unanswered: i64,
}

/// The first response of tickets opened in `opened` as known at `as_of`. An answer before the
/// ticket is left out and counted in [`Spread::left_out`].
#[must_use]
pub fn first_response(
    tickets: &[TicketTimes],
    opened: Window,
    hours: Hours<'_>,
    as_of: Timestamp,
) -> FirstResponse {
    let (mut times, mut unanswered) = (Vec::new(), 0);
    let known =
        |ticket: &&TicketTimes| opened.contains(ticket.created_at) && ticket.created_at <= as_of;
    for ticket in tickets.iter().filter(known) {
        let Some(reply) = ticket.first_reply_at.filter(|at| *at <= as_of) else {
            unanswered += 1;
            continue;
        };
        let elapsed = reply.as_millis() - ticket.created_at.as_millis();
        let worked = match hours {
            Hours::Calendar => Ok(elapsed),
            Hours::Business(calendar) => calendar.between(ticket.created_at, reply),
        };
        // What no calendar can measure is below zero, and so left out.
        times.push(worked.unwrap_or(-1));
    }
    let time = match (times.is_empty(), unanswered) {
        (true, 1..) => Measured::none(NullReason::NotReached),
        _ => spread(&times),
    };
    FirstResponse { time, unanswered }
}

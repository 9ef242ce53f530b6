//! The read models: what each event changes, and the questions asked of the rows.
//!
//! A read model is a [`Projection`]: a struct that is one table's row, and a pure `apply` that
//! says what a fact changes. The rows of a stream follow from its history alone ([`fold`]): the
//! facts that count, in the order in which they happened in the world. So corrections,
//! retractions and facts told late need no code of their own, and the live tables, a rebuilt
//! table and a look into the past can never disagree.
//!
//! A [`Question`] is asked of the rows: its `.sql` files stand beside the read model it belongs
//! to, and its answer says by which named definition it counts.
//!
//! | folder | what it holds | what is asked of it |
//! |---|---|---|
//! | [`journey`] | a stay: standing, unit, dates, plan, phase | who is registered, active, passive; the list |
//! | [`participant`] | – | one person, whole |
//! | [`timeline`] | a fact of a person's journey | the journey, fact by fact |
//! | [`retention`] | – | how long stays last; what follows a relapse |
//! | [`plan`] | a stay's plan; a goal | a person's plan and goals |
//! | [`relapse`], [`sentence`], [`oppdrag`], [`safety`], [`contact`], [`patient`] | what belongs to a stay | sentence serving; parts of the others |
//! | [`referral`], [`cooperation`] | a person's way from a unit to a department; the two units' work together | the referrals sent; structures and visits |
//! | [`flow`] | – | how many of a unit's patients became participants |
//! | [`tidgiver`], [`mod@unit`], [`key_figures`] | volunteers, units, what units report | the tidgivere of a department; the key figures |
//! | [`worklist`] | – | what is due, and why |

#[cfg(test)]
mod amended;
#[cfg(test)]
mod any_order;
mod column;
mod copied;
mod fold;
mod median;
mod page;
mod question;
mod row;
mod rows;

pub mod contact;
pub mod cooperation;
pub mod flow;
pub mod journey;
pub mod key_figures;
pub mod oppdrag;
pub mod participant;
pub mod patient;
pub mod plan;
pub mod referral;
pub mod relapse;
pub mod retention;
pub mod safety;
pub mod sentence;
pub mod tidgiver;
pub mod timeline;
pub mod unit;
pub mod worklist;

pub use column::{Column, ColumnError, column};
pub use copied::CopiedRows;
pub use fold::{Happened, ParticipantHappened, Projection, WorldOrder, fold, in_world_order};
pub use page::{Cursor, CursorError, PageSize};
pub use question::{Answer, Ask, AskError, Missing, Question, Scope};
pub use row::Row;
pub use rows::{Arguments, Rows, Selected, Statement, Values};

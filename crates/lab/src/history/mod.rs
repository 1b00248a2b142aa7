//! History that can be trusted: what a run is compared with, what its histories say once it is over, and the inbox of what
//! was found.
//!
//! In:  runs that a worker takes, and runs that have ended; words of people.
//! Out: the baseline of a run with the sentence that says how it was chosen; findings, each told once, followed until they
//! are fixed or fade; the repeats that decide what one run cannot.
//! Promise: environments, worker classes and suite families are never mixed silently. Whoever follows a run, and however
//! often, raises each finding and makes each repeat once.

mod baseline;
mod card;
mod changes;
mod differences;
mod follow;
mod inbox;
mod repeat;

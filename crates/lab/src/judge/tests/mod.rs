//! Every rung of the ladder, the words of each, and that live and final agree.

mod against;
mod cases;
mod ladder;
mod live;
mod sample;
mod sentence;

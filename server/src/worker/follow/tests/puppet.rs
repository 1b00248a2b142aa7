//! A runner on strings.

use std::time::Duration;

use perflab_model::runner::{Done, Ending, Order, Report};
use tokio::sync::{mpsc, oneshot};

use crate::worker::{
    child::{Heard, Runner},
    sample,
};

/// A runner that says what the test lets it say.
pub(super) struct Puppet {
    says: mpsc::Receiver<Report>,
    orders: mpsc::Sender<Order>,
    gone: oneshot::Sender<()>,
}

/// The strings of the puppet.
pub(super) struct Strings {
    says: mpsc::Sender<Report>,
    orders: mpsc::Receiver<Order>,
    pub(super) gone: oneshot::Receiver<()>,
}

impl Puppet {
    pub(super) fn new() -> (Self, Strings) {
        let (say, says) = mpsc::channel(1_000);
        let (order, orders) = mpsc::channel(1_000);
        let (leave, gone) = oneshot::channel();
        (Self { says, orders: order, gone: leave }, Strings { says: say, orders, gone })
    }
}

impl Runner for Puppet {
    fn order(&self, order: Order) {
        // A test that has let its strings go is no longer interested.
        let _ = self.orders.try_send(order);
    }

    async fn hear(&mut self) -> Option<Heard> {
        self.says.recv().await.map(|report| Heard::Report(Box::new(report)))
    }

    async fn end(self, _: Duration) -> (String, String) {
        let _ = self.gone.send(());
        ("exit status: 0".to_owned(), String::new())
    }
}

impl Strings {
    pub(super) async fn say(&self, report: Report) {
        self.says.send(report).await.expect("somebody listens");
    }

    /// The same without letting anybody else do something in between.
    pub(super) fn say_now(&self, report: Report) {
        self.says.try_send(report).expect("somebody listens");
    }

    pub(super) async fn begin(&self) {
        self.say(Report::Started(sample::started())).await;
    }

    pub(super) async fn second(&self, second: u32) {
        self.say(Report::Tick(Box::new(sample::tick(second)))).await;
    }

    pub(super) async fn done(&self, ending: Ending) {
        self.say(Report::Done(Done { at_us: 0, ending, mismatches: Vec::new() })).await;
    }

    /// Says all of a run.
    pub(super) async fn complete(&self) {
        self.begin().await;
        for second in 0..20 {
            self.second(second).await;
        }
        self.done(Ending::Completed).await;
    }

    /// The orders so far, but signs of life.
    pub(super) fn orders_so_far(&mut self) -> Vec<Order> {
        std::iter::from_fn(|| self.orders.try_recv().ok()).filter(|order| *order != Order::Alive).collect()
    }

    /// The next order but signs of life.
    pub(super) async fn order(&mut self) -> Order {
        loop {
            match self.orders.recv().await.expect("an order") {
                Order::Alive => {}
                order => return order,
            }
        }
    }
}

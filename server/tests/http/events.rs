//! The event stream of a run.

use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::{
    place::on_both,
    site::{PATIENCE, Site, request, with},
    worker::Held,
};

/// One event as it came over the line.
#[derive(Clone, Debug, PartialEq)]
struct Said {
    id: Option<u64>,
    event: String,
    data: Value,
}

/// A reader of an event stream.
struct Reader {
    body: Body,
    text: String,
}

impl Reader {
    async fn open(site: &Site, run: &str, last_seen: Option<u64>) -> Self {
        let mut asked = request("GET", &format!("/api/v1/runs/{run}/events"), Body::empty());
        if let Some(last_seen) = last_seen {
            asked = with(asked, "last-event-id", &last_seen.to_string());
        }
        let reply = site.open(asked).await;
        // Whoever has seen the end gets nothing, which reads like a stream that has ended.
        if reply.status() != 204 {
            assert_eq!(reply.status(), 200);
            assert!(reply.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        }
        Self { body: reply.into_body(), text: String::new() }
    }

    /// The next event; nothing when the stream has ended. Heartbeats are no events, however many come.
    async fn next(&mut self) -> Option<Said> {
        tokio::time::timeout(PATIENCE, self.read()).await.expect("the stream says nothing")
    }

    async fn read(&mut self) -> Option<Said> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                if let Some(said) = parse(&block) {
                    return Some(said);
                }
                continue;
            }
            let frame = self.body.frame().await?.unwrap();
            self.text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }

    async fn rest(mut self) -> Vec<Said> {
        let mut all = Vec::new();
        while let Some(said) = self.next().await {
            all.push(said);
        }
        all
    }
}

/// Reads a block of lines; nothing when it holds only comments and settings.
fn parse(block: &str) -> Option<Said> {
    let (mut id, mut event, mut data) = (None, None, String::new());
    for line in block.lines() {
        match line.split_once(": ").unwrap_or((line, "")) {
            ("id", value) => id = Some(value.parse().unwrap()),
            ("event", value) => event = Some(value.to_owned()),
            ("data", value) => data.push_str(value),
            ("retry" | "", _) => {}
            (name, _) => panic!("a field of no meaning: {name} in {block}"),
        }
    }
    Some(Said { id, event: event?, data: serde_json::from_str(&data).unwrap() })
}

fn ids(said: &[Said]) -> Vec<u64> {
    said.iter().filter_map(|said| said.id).collect()
}

/// A run of five seconds with an example, from launch to verdict.
async fn finished(site: &Site) -> String {
    let id = site.launched(json!({})).await;
    let mut held = Held::running(&site.lab).await;
    for _ in 0..5 {
        held.second(9_000).await;
    }
    held.example("500 <script>alert(1)</script>\r\n\r\nid: 1\ndata: forged").await;
    held.finishing().await;
    held.complete().await;
    id
}

on_both! {
    async fn a_stream_tells_everything_in_order_and_ends_with_the_end(database) {
        let site = Site::new(&database).await;
        let id = finished(&site).await;
        let said = Reader::open(&site, &id, None).await.rest().await;
        let last = site.get(&format!("/api/v1/runs/{id}")).await.json()["last_seq"].as_u64().unwrap();
        assert_eq!(ids(&said), (1..=last).collect::<Vec<_>>());
        let states: Vec<_> = said
            .iter()
            .filter(|said| said.event == "state")
            .map(|said| said.data["body"]["state"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(states, ["queued", "claimed", "running", "finishing", "finished"]);
        assert_eq!(said.iter().filter(|said| said.event == "tick").count(), 5);
        assert_eq!(said.last().unwrap().data["body"]["state"], "finished");
        for said in &said {
            assert_eq!(said.data["kind"], said.event.as_str());
            assert_eq!(said.id.is_none(), said.event == "progress");
            if let Some(id) = said.id {
                assert_eq!(said.data["seq"], id);
            }
        }
    }

    async fn a_reader_that_comes_back_gets_the_rest_without_gap_or_repeat(database) {
        let site = Site::new(&database).await;
        let id = finished(&site).await;
        let whole = ids(&Reader::open(&site, &id, None).await.rest().await);
        for cut in 0..=whole.len() {
            let mut seen = Vec::new();
            let mut reader = Reader::open(&site, &id, None).await;
            while seen.len() < cut {
                seen.extend(reader.next().await.unwrap().id);
            }
            drop(reader);
            seen.extend(ids(&Reader::open(&site, &id, Some(seen.last().copied().unwrap_or(0))).await.rest().await));
            assert_eq!(seen, whole, "cut after {cut}");
        }
    }

    async fn a_reader_of_a_run_under_way_hears_each_second_as_it_is_written(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        let mut reader = Reader::open(&site, &id, None).await;
        assert_eq!(reader.next().await.unwrap().data["body"]["state"], "queued");
        let mut held = Held::running(&site.lab).await;
        let mut events = Vec::new();
        for second in 0..3 {
            held.second(9_000).await;
            loop {
                let said = reader.next().await.unwrap();
                let tick = said.event == "tick";
                events.push(said.clone());
                if tick {
                    assert_eq!(said.data["body"]["second"], second);
                    break;
                }
            }
        }
        held.complete().await;
        events.extend(reader.rest().await);
        assert_eq!(ids(&events), (2..=events.iter().filter_map(|said| said.id).max().unwrap()).collect::<Vec<_>>());
        let progress = events.iter().rfind(|said| said.event == "progress").unwrap();
        assert_eq!(progress.data["body"]["totals"]["finished"], 60);
        assert_eq!(events.last().unwrap().data["body"]["end"]["code"], "completed");
    }

    async fn readers_cut_again_and_again_miss_nothing_of_a_run_under_way(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        let reading = tokio::spawn({
            let (site, id) = (site.clone(), id.clone());
            async move {
                let mut seen: Vec<u64> = Vec::new();
                let mut cuts = 0;
                loop {
                    let mut reader = Reader::open(&site, &id, seen.last().copied()).await;
                    // Cut after one, two, three … events, also in the middle of a chunk.
                    for _ in 0..=cuts % 4 {
                        let Some(said) = reader.next().await else { return (seen, cuts) };
                        seen.extend(said.id);
                        if said.data["body"]["state"] == "finished" {
                            return (seen, cuts);
                        }
                    }
                    cuts += 1;
                }
            }
        });
        let mut held = Held::running(&site.lab).await;
        for _ in 0..40 {
            held.second(9_000).await;
        }
        held.complete().await;
        let (seen, cuts) = reading.await.unwrap();
        let last = site.get(&format!("/api/v1/runs/{id}")).await.json()["last_seq"].as_u64().unwrap();
        assert_eq!(seen, (1..=last).collect::<Vec<_>>());
        assert!(cuts > 10, "only {cuts} cuts");
    }

    async fn a_reader_that_has_seen_the_end_is_let_go_at_once(database) {
        let site = Site::new(&database).await;
        let id = finished(&site).await;
        let last = site.get(&format!("/api/v1/runs/{id}")).await.json()["last_seq"].as_u64().unwrap();
        for seen in [last, last + 1_000, u64::MAX] {
            let asked = request("GET", &format!("/api/v1/runs/{id}/events"), Body::empty());
            // This status alone keeps browsers from coming back again and again.
            let reply = site.send(with(asked, "last-event-id", &seen.to_string())).await;
            assert_eq!(reply.status, 204, "after event {seen} of {last}");
            assert_eq!(reply.text(), "");
        }
    }

    async fn a_number_that_no_event_has_yet_is_not_waited_for(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        let mut held = Held::running(&site.lab).await;
        let reader = Reader::open(&site, &id, Some(u64::MAX)).await;
        held.second(9_000).await;
        held.complete().await;
        let said = reader.rest().await;
        assert_eq!(said.last().unwrap().data["body"]["state"], "finished");
        assert!(said.iter().all(|said| said.data["body"]["state"] != "running"), "what had been said before: {said:?}");
    }

    async fn a_stream_can_begin_at_a_number_in_the_address_too(database) {
        let site = Site::new(&database).await;
        let id = finished(&site).await;
        let reply = site.get(&format!("/api/v1/runs/{id}/events?after=5")).await;
        assert!(reply.text().contains("id: 6\n") && !reply.text().contains("id: 5\n"), "{}", reply.text());
        site.get(&format!("/api/v1/runs/{id}/events?after=x")).await.problem(400, "query.unreadable");
    }

    async fn a_stream_tells_browsers_when_to_come_back(database) {
        let site = Site::new(&database).await;
        let id = finished(&site).await;
        let reply = site.get(&format!("/api/v1/runs/{id}/events")).await;
        assert!(reply.text().contains("retry: 1000\n"), "{}", reply.text());
        assert_eq!(reply.header("cache-control"), "no-cache");
    }

    async fn text_of_a_target_cannot_forge_an_event(database) {
        let site = Site::new(&database).await;
        let id = finished(&site).await;
        let said = Reader::open(&site, &id, None).await.rest().await;
        let example = said.iter().find(|said| said.event == "example").unwrap();
        assert!(example.data["body"]["message"].as_str().unwrap().contains("data: forged"));
    }

    async fn streams_close_when_the_server_is_about_to_end(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        let mut reader = Reader::open(&site, &id, None).await;
        reader.next().await.unwrap();
        site.closing.cancel();
        assert_eq!(reader.next().await, None);
    }

    async fn one_reader_too_many_is_told_to_come_later_and_a_place_is_freed_with_its_reader(database) {
        let site = Site::new(&database).await;
        let id = site.launched(json!({})).await;
        let mut readers = Vec::new();
        for _ in 0..500 {
            readers.push(Reader::open(&site, &id, None).await);
        }
        let address = format!("/api/v1/runs/{id}/events");
        let reply = site.get(&address).await;
        assert_eq!(reply.header("retry-after"), "2");
        reply.problem(503, "streams.full");
        readers.pop();
        Reader::open(&site, &id, None).await.next().await.unwrap();
    }
}

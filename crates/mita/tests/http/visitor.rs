//! A target on a free port and a client for it.

use perflab_mita::{Config, Secret, Target};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "LoadTest123!";

pub(crate) struct Visitor {
    pub(crate) target: Target,
    pub(crate) client: Client,
    pub(crate) token: Option<String>,
}

/// Cheap hashes and few users: tests ask about answers, not about bcrypt.
pub(crate) fn config() -> Config {
    Config {
        listen: ([127, 0, 0, 1], 0).into(),
        hash_cost: 4,
        load_users: 3,
        load_password: Some(Secret::new(PASSWORD)),
        ..Config::default()
    }
}

pub(crate) async fn visit() -> Visitor {
    let target = Target::start(config()).await.expect("a free port and memory");
    Visitor { target, client: Client::builder().no_proxy().build().expect("a client"), token: None }
}

impl Visitor {
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.target.url()));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn log_in(&mut self, email: &str) -> Value {
        let (status, session) = self.post("/api/auth/login", json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(status, StatusCode::OK, "{session}");
        self.token = Some(session["access_token"].as_str().expect("a token").to_owned());
        session
    }
}

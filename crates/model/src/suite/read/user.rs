//! Kinds of users, and how they log in.

use indexmap::IndexMap;

use super::{Owner, Reader};
use crate::{
    flow::{Auth, Think, UserClass},
    suite::{
        error::Path,
        raw::{Named, RawAuth, RawClass},
    },
};

impl Reader<'_, '_> {
    pub(super) fn read_auth(&mut self, raw: Named<RawAuth>) -> IndexMap<String, Auth> {
        let mut all = IndexMap::new();
        for (name, raw) in raw.0 {
            let path = Path::default().key("auth").key(&name);
            self.check_pointer(&raw.bearer_from, &path.key("bearer_from"));
            let owner = Owner::Auth(name.clone());
            let login_path = path.key("login");
            let Some(login) = self.request(*raw.login, &owner, &login_path) else {
                let hint = Some("give it one of get, post, put, patch with a path".to_owned());
                self.problems.add(&login_path, "the log-in sends no request", hint);
                continue;
            };
            let auth = Auth {
                name: name.clone(),
                login,
                bearer_from: raw.bearer_from,
                refresh_on: raw.refresh_on,
                prefetch: raw.prefetch,
                once: raw.once,
            };
            all.insert(name, auth);
        }
        all
    }

    pub(super) fn read_classes(&mut self, raw: Named<RawClass>) -> IndexMap<String, UserClass> {
        let mut classes = IndexMap::new();
        for (name, raw) in raw.0 {
            let path = Path::default().key("classes").key(&name);
            let class = self.class(name.clone(), raw, &path);
            classes.insert(name, class);
        }
        classes
    }

    fn class(&mut self, name: String, raw: RawClass, path: &Path) -> UserClass {
        let owner = Owner::Class(name.clone());
        let flow_names = self.flow_names.clone();
        for flow in raw.flows.0.keys() {
            self.known("flow", flow, &flow_names, &path.key("flows").key(flow));
        }
        if raw.flows.0.values().all(|weight| *weight == 0) {
            let hint = Some("write flows with weights: {budget: 10, login: 1}".to_owned());
            self.problems.add(&path.key("flows"), format!("the class `{name}` has nothing to do"), hint);
        }
        for (key, flow) in [("on_start", &raw.on_start), ("on_stop", &raw.on_stop)] {
            if let Some(flow) = flow {
                self.known("flow", flow, &flow_names, &path.key(key));
            }
        }
        if let Some(auth) = &raw.auth {
            let auth_names = self.auth_names.clone();
            self.known("auth entry", auth, &auth_names, &path.key("auth"));
        }
        if let Some((from, to)) = raw.iterations
            && (from == 0 || from > to)
        {
            let hint = Some("write [fewest, most], from 1 on".to_owned());
            self.problems.add(&path.key("iterations"), format!("[{from}, {to}] is no range of iterations"), hint);
        }
        let headers = raw
            .headers
            .0
            .into_iter()
            .map(|(header, value)| {
                let path = path.key("headers").key(&header);
                self.header(&header, &value.into_text(), &owner, &path)
            })
            .collect();
        UserClass {
            name,
            weight: raw.weight,
            tags: raw.tags,
            think: raw.think.map_or(Think::None, |think| self.think(think, &path.key("think"))),
            headers,
            auth: raw.auth,
            on_start: raw.on_start,
            on_stop: raw.on_stop,
            iterations: raw.iterations,
            flows: raw.flows.0,
            part: None,
        }
    }
}

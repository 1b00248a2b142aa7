//! Requests, compiled, and made ready to be sent for one user.

use std::{borrow::Cow, sync::OnceLock, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use perflab_model::{
    flow::{Body, Request},
    template::Template,
};
use url::Url;

use super::{
    check::{CheckCode, compile_checks},
    compile::{Base, CompileError, Compiler, Program, host_header},
    extract::{ExtractCode, compile_extracts},
    fill::{Escape, Filler, Unfilled, is_private},
    header::HeaderCode,
    session::Session,
};
use crate::{
    code::ErrorCode,
    guard::{Denied, Guard, Origin},
    http::{Failure, Keep},
    record::NameId,
};

/// A request that is ready to be filled in.
#[derive(Debug)]
pub(crate) struct RequestCode {
    pub(crate) name: String,
    pub(crate) id: NameId,
    /// Under which its followed redirects are counted; known once every request has its name.
    pub(crate) redirect_id: NameId,
    method: Method,
    /// The path or URL as the suite writes it: what messages may show of it.
    written: String,
    url: Filler,
    /// Where nothing of the URL has to be filled in.
    fixed: Option<Place>,
    headers: Vec<HeaderCode>,
    content_type: Option<HeaderValue>,
    body: Option<Filler>,
    /// What goes to the same place with the same headers from all users of a class is made once for each class; nothing
    /// where it does not.
    ready: Vec<OnceLock<Option<HeaderMap>>>,
    /// The body, where nothing of it has to be filled in.
    fixed_body: Option<Bytes>,
    /// Whether the body holds secrets or values of one user, which another place must not get by a redirect.
    pub(crate) private_body: bool,
    pub(crate) checks: Vec<CheckCode>,
    pub(crate) extracts: Vec<ExtractCode>,
    pub(crate) keep: Keep,
    pub(crate) timeout: Option<Duration>,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) origin: Origin,
    pub(crate) host: HeaderValue,
    /// Path and query.
    pub(crate) target: Uri,
}

/// A request for one user; borrowed where it is the same for all of them.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    pub(crate) place: Cow<'a, Place>,
    pub(crate) method: &'a Method,
    pub(crate) headers: Cow<'a, HeaderMap>,
    pub(crate) body: Bytes,
}

/// Why a request cannot be sent at all.
#[derive(Debug)]
pub(crate) enum Unsendable {
    /// Something is missing, or HTTP cannot carry it.
    Failure(Failure),
    /// It would go where load may not go: the run ends.
    Denied(Denied),
}

/// Why a path or URL leads nowhere.
enum Lost {
    Unreadable(String),
    Denied(Denied),
}

impl RequestCode {
    /// Feeds that it reads from.
    pub(crate) fn feeds(&self) -> impl Iterator<Item = usize> {
        let values = self.headers.iter().map(|header| &header.value);
        values.chain([&self.url]).chain(&self.body).flat_map(Filler::feeds)
    }

    pub(crate) fn keep_body(&mut self) {
        self.keep = Keep::Body;
    }

    /// Where it goes, if that does not depend on the user.
    pub(crate) fn fixed_origin(&self) -> Option<&Origin> {
        self.fixed.as_ref().map(|place| &place.origin)
    }

    /// Fills it in for a user.
    pub(crate) fn prepare<'a>(
        &'a self,
        program: &'a Program,
        session: &mut Session,
        guard: &Guard,
    ) -> Result<Prepared<'a>, Unsendable> {
        let place = match &self.fixed {
            Some(place) => Cow::Borrowed(place),
            None => {
                let url = self.url.fill(session).map_err(|unfilled| missing(program, unfilled))?;
                let located = locate(&url, &program.base, guard).map_err(|lost| match lost {
                    Lost::Denied(denied) => Unsendable::Denied(denied),
                    Lost::Unreadable(why) => {
                        unwritable(format!("`{}`, filled in, is no path or URL: {why}", self.written))
                    }
                });
                Cow::Owned(located?)
            }
        };
        let class = session.class;
        let headers = match self.ready_headers(program, class) {
            Some(ready) => Cow::Borrowed(ready),
            None => Cow::Owned(self.filled_headers(program, class, &place, |value| {
                value.fill(session).map_err(|unfilled| missing(program, unfilled))
            })?),
        };
        let body = match (&self.fixed_body, &self.body) {
            (Some(fixed), _) => fixed.clone(),
            (None, Some(filler)) => Bytes::from(filler.fill(session).map_err(|unfilled| missing(program, unfilled))?),
            (None, None) => Bytes::new(),
        };
        Ok(Prepared { place, method: &self.method, headers, body })
    }

    /// The headers, where nothing of them has to be filled in.
    fn ready_headers(&self, program: &Program, class: usize) -> Option<&HeaderMap> {
        let make = || {
            let place = self.fixed.as_ref()?;
            let mut values = program.classes[class].headers.iter().chain(&self.headers);
            let is_constant = values.all(|header| header.value.constant().is_some());
            let fill = |value: &Filler| Ok(value.constant().unwrap_or_default().to_owned());
            is_constant.then(|| self.filled_headers(program, class, place, fill).ok()).flatten()
        };
        self.ready.get(class)?.get_or_init(make).as_ref()
    }

    /// All headers, their values filled in by `fill`.
    fn filled_headers(
        &self,
        program: &Program,
        class: usize,
        place: &Place,
        mut fill: impl FnMut(&Filler) -> Result<String, Unsendable>,
    ) -> Result<HeaderMap, Unsendable> {
        let mut headers = HeaderMap::with_capacity(12);
        headers.insert(header::HOST, place.host.clone());
        for (name, value) in &program.common_headers {
            headers.insert(name.clone(), value.clone());
        }
        if let Some(content_type) = &self.content_type {
            headers.insert(header::CONTENT_TYPE, content_type.clone());
        }
        for HeaderCode { name, value, private } in program.classes[class].headers.iter().chain(&self.headers) {
            let mut value = HeaderValue::try_from(fill(value)?).map_err(|_| {
                unwritable(format!("the value for header `{name}` holds line breaks or control characters"))
            })?;
            value.set_sensitive(*private);
            headers.insert(name.clone(), value);
        }
        Ok(headers)
    }
}

fn missing(program: &Program, unfilled: Unfilled) -> Unsendable {
    let message = match unfilled {
        Unfilled::Var(id) => format!("variable `{}` has no value yet", program.var_names[id.0]),
        Unfilled::Feed(feed) => format!("feed `{}` has no row left", program.feeds[feed].name),
    };
    Unsendable::Failure(Failure::new(ErrorCode::PlanUnset, message))
}

fn unwritable(message: String) -> Unsendable {
    Unsendable::Failure(Failure::new(ErrorCode::PlanBadValue, message))
}

/// Finds out where a filled-in path or URL leads. Paths stay below the base whatever was filled in.
fn locate(text: &str, base: &Base, guard: &Guard) -> Result<Place, Lost> {
    if is_absolute(text) {
        let url = Url::parse(text).map_err(|error| Lost::Unreadable(error.to_string()))?;
        return place_of(&url, guard).map_err(Lost::Denied);
    }
    let slash = if text.starts_with('/') { "" } else { "/" };
    let target = format!("{}{slash}{text}", base.path);
    let target = without_fragment(&target)
        .parse()
        .map_err(|error: http::uri::InvalidUri| Lost::Unreadable(error.to_string()))?;
    Ok(Place { origin: base.origin.clone(), host: base.host.clone(), target })
}

fn is_absolute(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

fn without_fragment(target: &str) -> &str {
    target.split_once('#').map_or(target, |(before, _)| before)
}

/// The place an absolute URL names, if load may go there.
pub(crate) fn place_of(url: &Url, guard: &Guard) -> Result<Place, Denied> {
    let origin = guard.check_url(url)?;
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let target = target.parse().map_err(|_| Denied::NoHost)?;
    let host = host_header(url).ok_or(Denied::NoHost)?;
    Ok(Place { origin, host, target })
}

/// Compiles one request.
pub(crate) fn compile_request(
    compiler: &mut Compiler<'_>,
    request: &Request,
    base: &Base,
    place: &str,
) -> Result<RequestCode, CompileError> {
    let invalid_here = |why: String| CompileError::Invalid { place: place.to_owned(), why };
    let method = Method::from_bytes(request.method.to_ascii_uppercase().as_bytes())
        .map_err(|_| invalid_here(format!("`{}` is no HTTP method", request.method)))?;
    let mut url = Filler::default();
    url.push_url(&request.path, compiler);
    let fixed = match url.constant() {
        None => None,
        Some(text) => Some(locate(text, base, compiler.guard).map_err(|lost| match lost {
            // As the suite writes it: filled in, it may hold a secret.
            Lost::Unreadable(why) => invalid_here(format!("`{}` is no path or URL: {why}", request.path)),
            Lost::Denied(source) => CompileError::Denied { place: place.to_owned(), source },
        })?),
    };
    let headers = compiler.headers(place, &request.headers)?;
    let private_body = is_private_body(&request.body);
    let (content_type, body) = body(compiler, &request.body);
    let content_type = content_type
        .map(|text| HeaderValue::from_str(&text).map_err(|_| invalid_here(format!("`{text}` is no content type"))))
        .transpose()?;
    let checks = compile_checks(&request.checks).map_err(invalid_here)?;
    let extracts = compile_extracts(compiler, &request.extract).map_err(invalid_here)?;
    let needs_body = checks.iter().any(CheckCode::needs_body) || extracts.iter().any(ExtractCode::needs_body);
    Ok(RequestCode {
        id: compiler.names.intern(&request.name),
        redirect_id: NameId(0),
        name: request.name.clone(),
        method,
        written: request.path.to_string(),
        url,
        fixed,
        headers,
        content_type,
        fixed_body: body.as_ref().and_then(Filler::constant).map(|text| Bytes::copy_from_slice(text.as_bytes())),
        body,
        ready: compiler.plan.classes.iter().map(|_| OnceLock::new()).collect(),
        private_body,
        checks,
        extracts,
        keep: if needs_body { Keep::Body } else { Keep::Prefix },
        timeout: request.timeout.map(perflab_model::unit::Millis::duration),
    })
}

fn body(compiler: &mut Compiler<'_>, body: &Body) -> (Option<String>, Option<Filler>) {
    match body {
        Body::None => (None, None),
        Body::Json(value) => {
            let mut filler = Filler::default();
            push_json(compiler, value, &mut filler);
            (Some("application/json".to_owned()), Some(filler))
        }
        Body::Form(fields) => {
            let mut filler = Filler::default();
            for (index, (name, value)) in fields.iter().enumerate() {
                if index > 0 {
                    filler.push_text("&");
                }
                filler.push_text(&super::fill::escaped(name, Escape::Form));
                filler.push_text("=");
                filler.push_template(value, Escape::Form, compiler);
            }
            (Some("application/x-www-form-urlencoded".to_owned()), Some(filler))
        }
        Body::Text { text, content_type } => (Some(content_type.clone()), Some(compiler.filler(text, Escape::Plain))),
    }
}

fn is_private_body(body: &Body) -> bool {
    fn in_json(value: &serde_json::Value) -> bool {
        use serde_json::Value;
        match value {
            Value::Array(items) => items.iter().any(in_json),
            Value::Object(fields) => fields.values().any(in_json),
            Value::String(text) => text.parse().is_ok_and(|template| is_private(&template)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    match body {
        Body::None => false,
        Body::Json(value) => in_json(value),
        Body::Form(fields) => fields.iter().any(|(_, value)| is_private(value)),
        Body::Text { text, .. } => is_private(text),
    }
}

/// Writes JSON once, before the run; only its placeholders are left to be filled in.
fn push_json(compiler: &mut Compiler<'_>, value: &serde_json::Value, filler: &mut Filler) {
    use serde_json::Value;
    match value {
        Value::Array(items) => {
            filler.push_text("[");
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    filler.push_text(",");
                }
                push_json(compiler, item, filler);
            }
            filler.push_text("]");
        }
        Value::Object(fields) => {
            filler.push_text("{");
            for (index, (name, item)) in fields.iter().enumerate() {
                if index > 0 {
                    filler.push_text(",");
                }
                filler.push_text(&Value::from(name.as_str()).to_string());
                filler.push_text(":");
                push_json(compiler, item, filler);
            }
            filler.push_text("}");
        }
        Value::String(text) => match text.parse::<Template>() {
            Ok(template) if template.is_number() => filler.push_template(&template, Escape::Plain, compiler),
            Ok(template) => {
                filler.push_text("\"");
                filler.push_template(&template, Escape::Json, compiler);
                filler.push_text("\"");
            }
            // The suite's parser has refused broken templates; what is none is sent as it stands.
            Err(_) => filler.push_text(&value.to_string()),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => filler.push_text(&value.to_string()),
    }
}

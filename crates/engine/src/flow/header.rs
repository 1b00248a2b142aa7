//! Headers of classes and requests.

use http::{HeaderName, HeaderValue};
use perflab_model::{flow::is_reserved_header, template::Template};

use super::{
    compile::{CompileError, Compiler},
    fill::{Escape, Filler, is_private},
};

/// A header of a class or request.
#[derive(Debug)]
pub(crate) struct HeaderCode {
    pub(crate) name: HeaderName,
    pub(crate) value: Filler,
    /// Whether it holds a secret or a value of one user.
    pub(crate) private: bool,
}

impl Compiler<'_> {
    /// Compiles headers; `place` is whose they are.
    pub(crate) fn headers(
        &mut self,
        place: &str,
        headers: &[(String, Template)],
    ) -> Result<Vec<HeaderCode>, CompileError> {
        let invalid = |why: String| CompileError::Invalid { place: place.to_owned(), why };
        headers
            .iter()
            .map(|(name, value)| {
                // Another `Host` would reach a place behind an allowed address that is on nobody's list.
                if is_reserved_header(name) {
                    return Err(invalid(format!("the header `{name}` is written by perflab itself")));
                }
                let private = is_private(value);
                let name: HeaderName = name.parse().map_err(|_| invalid(format!("`{name}` is no name of a header")))?;
                let value = self.filler(value, Escape::Plain);
                if value.constant().is_some_and(|text| HeaderValue::from_str(text).is_err()) {
                    let why = format!("the value of header `{name}` holds line breaks or control characters");
                    return Err(invalid(why));
                }
                Ok(HeaderCode { name, value, private })
            })
            .collect()
    }
}

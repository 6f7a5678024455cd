//! What becomes of a request's body on its way to an integration that maps.

use http::{HeaderMap, header};
use tollgate_domain::integration::PassthroughBehavior;
use tollgate_velocity::ContextOverrides;

use super::binary::{self, ContentHandling, Conversion};
use super::parameters;
use super::scope::scope;
use super::template::{self, Template};
use crate::body::RequestBody;
use crate::call::Call;
use crate::compression::{self, Coding};
use crate::media_type;
use crate::narration;
use crate::refusal::Refusal;

/// Templates, passthrough and content handling of an integration's requests.
#[derive(Debug)]
pub(super) struct Requests {
    templates: Vec<(String, Template)>,
    passthrough: PassthroughBehavior,
    handling: Option<ContentHandling>,
    /// Whether a parameter is mapped from the body.
    read_body: bool,
}

/// A request's body as the integration gets it.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) body: RequestBody,
    /// What the template set besides.
    pub(super) overrides: ContextOverrides,
}

impl Requests {
    pub(super) fn compile(
        given: &tollgate_domain::Integration,
        mapped: &parameters::Parameters,
    ) -> Result<Self, String> {
        Ok(Self {
            templates: template::compile(&given.request_templates),
            passthrough: given.passthrough_behavior,
            handling: ContentHandling::parse(given.content_handling.as_deref())?,
            read_body: mapped.read_body,
        })
    }

    /// The template for a request; `None` when its body passes as it is.
    fn template(&self, headers: &HeaderMap) -> Result<Option<&Template>, Refusal> {
        let template = media_type::by_body(&self.templates, headers);
        let passes = match self.passthrough {
            PassthroughBehavior::WhenNoMatch => true,
            PassthroughBehavior::WhenNoTemplates => self.templates.is_empty(),
            PassthroughBehavior::Never => false,
        };
        if template.is_none() && !passes { Err(Refusal::UnsupportedMediaType) } else { Ok(template) }
    }

    /// Makes the integration's body of the caller's. One that nobody looks into passes as it arrives.
    pub(super) async fn prepare(
        &self,
        call: &Call<'_>,
        sent: &HeaderMap,
        body: RequestBody,
        max_body_bytes: u64,
    ) -> Result<Prepared, Refusal> {
        let template = self.template(sent)?;
        let conversion = binary::of_request(self.handling, binary::is_body(binary::types(call), sent));
        let coding = coding(call, sent)?;
        let dynamic = template.is_some_and(Template::is_dynamic);
        let looks_into = self.read_body || coding.is_some() || conversion != Conversion::None;
        if !dynamic && !looks_into {
            let body = match template {
                None => body,
                Some(template) => RequestBody::Whole(template.render(call, || scope(call, sent, b""))?.text),
            };
            return Ok(Prepared { body, overrides: ContextOverrides::default() });
        }
        let mut payload = body.whole().await?;
        if let Some(coding) = coding {
            payload = compression::expand(coding, &payload, max_body_bytes)?;
        }
        if call.payload.get().is_none() {
            narration::receives(call, &payload);
        }
        let payload = call.payload.get_or_init(|| payload).clone();
        let payload = conversion.apply(payload)?;
        let Some(template) = template else {
            return Ok(Prepared { body: RequestBody::Whole(payload), overrides: ContextOverrides::default() });
        };
        let rendering = template.render(call, || scope(call, sent, &payload))?;
        call.trace(|| {
            format!("Endpoint request body after transformations: {}", String::from_utf8_lossy(&rendering.text))
        });
        Ok(Prepared { body: RequestBody::Whole(rendering.text), overrides: rendering.overrides })
    }
}

/// How a request's body is compressed, where the API has compression turned on: then it is expanded before it is
/// mapped, as on AWS.
fn coding(call: &Call<'_>, sent: &HeaderMap) -> Result<Option<Coding>, Refusal> {
    let _on = match call.stage.and_then(|stage| stage.deployed.api.minimum_compression_size) {
        None => return Ok(None),
        Some(size) => size,
    };
    match sent.get(header::CONTENT_ENCODING) {
        None => Ok(None),
        Some(named) if named.as_bytes().eq_ignore_ascii_case(b"identity") => Ok(None),
        Some(named) => Coding::parse(named.as_bytes()).map(Some).ok_or(Refusal::UnsupportedMediaType),
    }
}

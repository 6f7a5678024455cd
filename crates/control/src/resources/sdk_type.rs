//! SdkType: a language that AWS generates clients for, and what it has to be told to do so.

use serde::Serialize;

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::page::PageQuery;
use crate::request::Request;

/// A language. On the wire as it is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SdkType {
    id: &'static str,
    friendly_name: &'static str,
    description: &'static str,
    configuration_properties: &'static [SdkConfigurationProperty],
}

/// Something that GetSdk takes for a language.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SdkConfigurationProperty {
    name: &'static str,
    friendly_name: &'static str,
    description: &'static str,
    required: bool,
}

#[derive(Serialize)]
struct SdkTypesWire {
    item: Vec<&'static SdkType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

const fn required(name: &'static str, friendly_name: &'static str, about: &'static str) -> SdkConfigurationProperty {
    SdkConfigurationProperty { name, friendly_name, description: about, required: true }
}

const fn optional(name: &'static str, friendly_name: &'static str, about: &'static str) -> SdkConfigurationProperty {
    SdkConfigurationProperty { name, friendly_name, description: about, required: false }
}

const CLASS_PREFIX: &[SdkConfigurationProperty] = &[required("classPrefix", "Prefix", "Begins the names of classes")];

/// All languages, in the order of their ids.
static SDK_TYPES: [SdkType; 6] = [
    SdkType {
        id: "android",
        friendly_name: "Android",
        description: "Android SDK",
        configuration_properties: &[
            required("groupId", "Group ID", "Group id of the Maven artifact"),
            required("invokerPackage", "Invoker package", "Java package of the code"),
            required("artifactId", "Artifact ID", "Id of the Maven artifact"),
            required("artifactVersion", "Artifact version", "Version of the Maven artifact"),
        ],
    },
    SdkType {
        id: "java",
        friendly_name: "Java",
        description: "Java SDK",
        configuration_properties: &[
            required("service.name", "Service Name", "Names the client's interface"),
            required("java.package-name", "Java Package Name", "Java package of the code"),
            optional("java.build-system", "Java Build System", "maven or gradle"),
            optional("java.group-id", "Java Group Id", "Group id of the project; the package by default"),
            optional("java.artifact-id", "Java Artifact Id", "Artifact id of the project; the service by default"),
            optional("java.artifact-version", "Java Artifact Version", "Version; 1.0-SNAPSHOT by default"),
            optional("java.license-text", "Source Code License Text", "Put at the head of source files"),
        ],
    },
    SdkType {
        id: "javascript",
        friendly_name: "JavaScript",
        description: "JavaScript SDK",
        configuration_properties: &[],
    },
    SdkType {
        id: "objectivec",
        friendly_name: "iOS (Objective-C)",
        description: "Objective-C SDK for iOS",
        configuration_properties: CLASS_PREFIX,
    },
    SdkType {
        id: "ruby",
        friendly_name: "Ruby",
        description: "Ruby SDK",
        configuration_properties: &[
            required("service.name", "Service Name", "Names the client"),
            optional("ruby.gem-name", "Ruby Gem Name", "Gem of the code"),
            optional("ruby.gem-version", "Ruby Gem Version", "Version; 1.0.0 by default"),
        ],
    },
    SdkType {
        id: "swift",
        friendly_name: "iOS (Swift)",
        description: "Swift SDK for iOS",
        configuration_properties: CLASS_PREFIX,
    },
];

pub(crate) async fn get(_: &Control, request: &Request) -> Reply {
    let id = request.label("sdktype_id");
    let found = SDK_TYPES.iter().find(|kind| kind.id == id);
    Answer::json(found.ok_or(Conflict::NoSuchSdkType)?)
}

pub(crate) async fn list(_: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "sdktypes")?;
    let page = query.page(SDK_TYPES.iter().map(|kind| (kind.id.to_owned(), kind)));
    Answer::json(&SdkTypesWire { item: page.items, position: page.position })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_stand_in_the_order_that_pages_need() {
        assert!(SDK_TYPES.is_sorted_by(|a, b| a.id < b.id));
    }
}

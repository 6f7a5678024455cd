//! The edits that turn one tree of an API into the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use tollgate_domain::{Record, RecordKey, RestApiTree};

use crate::write::Change;

/// Parts of one kind.
type Parts<K, V> = BTreeMap<K, Arc<V>>;

/// Adds to `change` what makes `after` out of `before`; deployments, stages and versions are no part of it.
pub(crate) fn write<T>(change: Change<T>, before: &RestApiTree, after: &RestApiTree) -> Change<T> {
    let api = &after.api.id;
    let change = change.put(Record::RestApi(after.api.as_ref().clone()));
    let change = differ(
        change,
        (&before.resources, &after.resources),
        |resource| Record::Resource(api.clone(), resource),
        |id| RecordKey::Resource(api.clone(), id.clone()),
    );
    let change = differ(
        change,
        (&before.models, &after.models),
        |model| Record::Model(api.clone(), model),
        |name| RecordKey::Model(api.clone(), name.clone()),
    );
    let change = differ(
        change,
        (&before.request_validators, &after.request_validators),
        |validator| Record::RequestValidator(api.clone(), validator),
        |id| RecordKey::RequestValidator(api.clone(), id.clone()),
    );
    let change = differ(
        change,
        (&before.authorizers, &after.authorizers),
        |authorizer| Record::Authorizer(api.clone(), authorizer),
        |id| RecordKey::Authorizer(api.clone(), id.clone()),
    );
    let change = differ(
        change,
        (&before.gateway_responses, &after.gateway_responses),
        |response| Record::GatewayResponse(api.clone(), response),
        |kind| RecordKey::GatewayResponse(api.clone(), *kind),
    );
    differ(
        change,
        (&before.documentation_parts, &after.documentation_parts),
        |part| Record::DocumentationPart(api.clone(), part),
        |id| RecordKey::DocumentationPart(api.clone(), id.clone()),
    )
}

fn differ<T, K: Ord, V: Clone + PartialEq>(
    change: Change<T>,
    (before, after): (&Parts<K, V>, &Parts<K, V>),
    record: impl Fn(V) -> Record,
    name: impl Fn(&K) -> RecordKey,
) -> Change<T> {
    let gone = before.keys().filter(|key| !after.contains_key(key));
    let change = gone.fold(change, |change, key| change.delete(name(key)));
    let changed = after.iter().filter(|(key, value)| before.get(key) != Some(value));
    change.put_all(changed.map(|(_, value)| record(value.as_ref().clone())))
}

//! The contents page: every operation of AWS API Gateway's REST API, version 1, in AWS's words and order.
//!
//! An operation without a function is not built yet and answers so.

use std::future::Future;
use std::pin::Pin;

use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;

use crate::Control;
use crate::answer::Reply;
use crate::request::Request;
use crate::resources::{
    account, api_key, api_key_import, deployment, integration, integration_response, method, method_response, resource,
    rest_api, stage, tags, usage, usage_plan, usage_plan_key,
};

type Running<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// Runs an operation.
pub(crate) type Run = for<'a> fn(&'a Control, &'a Request) -> Running<'a>;

/// One operation.
pub(crate) struct Operation {
    /// AWS's name for it.
    pub(crate) name: &'static str,
    method: Method,
    /// The pattern of its path, and the query parameters that tell it from another with the same path.
    uri: &'static str,
    /// The status of its success.
    pub(crate) status: StatusCode,
    pub(crate) run: Option<Run>,
}

macro_rules! operations {
    ($($name:ident $method:ident $uri:literal $status:ident $(=> $run:path)?;)*) => {
        /// Every operation.
        static OPERATIONS: &[Operation] = &[$(Operation {
            name: stringify!($name),
            method: Method::$method,
            uri: $uri,
            status: StatusCode::$status,
            run: operations!(@run $($run)?),
        }),*];
    };
    (@run) => { None };
    (@run $run:path) => { Some(|control, request| Box::pin($run(control, request))) };
}

operations! {
    CreateApiKey POST "/apikeys" CREATED => api_key::create;
    CreateAuthorizer POST "/restapis/{restapi_id}/authorizers" CREATED;
    CreateBasePathMapping POST "/domainnames/{domain_name}/basepathmappings" CREATED;
    CreateDeployment POST "/restapis/{restapi_id}/deployments" CREATED => deployment::create;
    CreateDocumentationPart POST "/restapis/{restapi_id}/documentation/parts" CREATED;
    CreateDocumentationVersion POST "/restapis/{restapi_id}/documentation/versions" CREATED;
    CreateDomainName POST "/domainnames" CREATED;
    CreateDomainNameAccessAssociation POST "/domainnameaccessassociations" CREATED;
    CreateModel POST "/restapis/{restapi_id}/models" CREATED;
    CreateRequestValidator POST "/restapis/{restapi_id}/requestvalidators" CREATED;
    CreateResource POST "/restapis/{restapi_id}/resources/{parent_id}" CREATED => resource::create;
    CreateRestApi POST "/restapis" CREATED => rest_api::create;
    CreateStage POST "/restapis/{restapi_id}/stages" CREATED => stage::create;
    CreateUsagePlan POST "/usageplans" CREATED => usage_plan::create;
    CreateUsagePlanKey POST "/usageplans/{usageplanId}/keys" CREATED => usage_plan_key::create;
    CreateVpcLink POST "/vpclinks" ACCEPTED;
    DeleteApiKey DELETE "/apikeys/{api_Key}" ACCEPTED => api_key::delete;
    DeleteAuthorizer DELETE "/restapis/{restapi_id}/authorizers/{authorizer_id}" ACCEPTED;
    DeleteBasePathMapping DELETE "/domainnames/{domain_name}/basepathmappings/{base_path}" ACCEPTED;
    DeleteClientCertificate DELETE "/clientcertificates/{clientcertificate_id}" ACCEPTED;
    DeleteDeployment DELETE "/restapis/{restapi_id}/deployments/{deployment_id}" ACCEPTED => deployment::delete;
    DeleteDocumentationPart DELETE "/restapis/{restapi_id}/documentation/parts/{part_id}" ACCEPTED;
    DeleteDocumentationVersion DELETE "/restapis/{restapi_id}/documentation/versions/{doc_version}" ACCEPTED;
    DeleteDomainName DELETE "/domainnames/{domain_name}" ACCEPTED;
    DeleteDomainNameAccessAssociation DELETE "/domainnameaccessassociations/{domain_name_access_association_arn}" ACCEPTED;
    DeleteGatewayResponse DELETE "/restapis/{restapi_id}/gatewayresponses/{response_type}" ACCEPTED;
    DeleteIntegration DELETE "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration" NO_CONTENT => integration::delete;
    DeleteIntegrationResponse DELETE "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}" NO_CONTENT => integration_response::delete;
    DeleteMethod DELETE "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}" NO_CONTENT => method::delete;
    DeleteMethodResponse DELETE "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}" NO_CONTENT => method_response::delete;
    DeleteModel DELETE "/restapis/{restapi_id}/models/{model_name}" ACCEPTED;
    DeleteRequestValidator DELETE "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}" ACCEPTED;
    DeleteResource DELETE "/restapis/{restapi_id}/resources/{resource_id}" ACCEPTED => resource::delete;
    DeleteRestApi DELETE "/restapis/{restapi_id}" ACCEPTED => rest_api::delete;
    DeleteStage DELETE "/restapis/{restapi_id}/stages/{stage_name}" ACCEPTED => stage::delete;
    DeleteUsagePlan DELETE "/usageplans/{usageplanId}" ACCEPTED => usage_plan::delete;
    DeleteUsagePlanKey DELETE "/usageplans/{usageplanId}/keys/{keyId}" ACCEPTED => usage_plan_key::delete;
    DeleteVpcLink DELETE "/vpclinks/{vpclink_id}" ACCEPTED;
    FlushStageAuthorizersCache DELETE "/restapis/{restapi_id}/stages/{stage_name}/cache/authorizers" ACCEPTED;
    FlushStageCache DELETE "/restapis/{restapi_id}/stages/{stage_name}/cache/data" ACCEPTED;
    GenerateClientCertificate POST "/clientcertificates" CREATED;
    GetAccount GET "/account" OK => account::get;
    GetApiKey GET "/apikeys/{api_Key}" OK => api_key::get;
    GetApiKeys GET "/apikeys" OK => api_key::list;
    GetAuthorizer GET "/restapis/{restapi_id}/authorizers/{authorizer_id}" OK;
    GetAuthorizers GET "/restapis/{restapi_id}/authorizers" OK;
    GetBasePathMapping GET "/domainnames/{domain_name}/basepathmappings/{base_path}" OK;
    GetBasePathMappings GET "/domainnames/{domain_name}/basepathmappings" OK;
    GetClientCertificate GET "/clientcertificates/{clientcertificate_id}" OK;
    GetClientCertificates GET "/clientcertificates" OK;
    GetDeployment GET "/restapis/{restapi_id}/deployments/{deployment_id}" OK => deployment::get;
    GetDeployments GET "/restapis/{restapi_id}/deployments" OK => deployment::list;
    GetDocumentationPart GET "/restapis/{restapi_id}/documentation/parts/{part_id}" OK;
    GetDocumentationParts GET "/restapis/{restapi_id}/documentation/parts" OK;
    GetDocumentationVersion GET "/restapis/{restapi_id}/documentation/versions/{doc_version}" OK;
    GetDocumentationVersions GET "/restapis/{restapi_id}/documentation/versions" OK;
    GetDomainName GET "/domainnames/{domain_name}" OK;
    GetDomainNameAccessAssociations GET "/domainnameaccessassociations" OK;
    GetDomainNames GET "/domainnames" OK;
    GetExport GET "/restapis/{restapi_id}/stages/{stage_name}/exports/{export_type}" OK;
    GetGatewayResponse GET "/restapis/{restapi_id}/gatewayresponses/{response_type}" OK;
    GetGatewayResponses GET "/restapis/{restapi_id}/gatewayresponses" OK;
    GetIntegration GET "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration" OK => integration::get;
    GetIntegrationResponse GET "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}" OK => integration_response::get;
    GetMethod GET "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}" OK => method::get;
    GetMethodResponse GET "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}" OK => method_response::get;
    GetModel GET "/restapis/{restapi_id}/models/{model_name}" OK;
    GetModelTemplate GET "/restapis/{restapi_id}/models/{model_name}/default_template" OK;
    GetModels GET "/restapis/{restapi_id}/models" OK;
    GetRequestValidator GET "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}" OK;
    GetRequestValidators GET "/restapis/{restapi_id}/requestvalidators" OK;
    GetResource GET "/restapis/{restapi_id}/resources/{resource_id}" OK => resource::get;
    GetResources GET "/restapis/{restapi_id}/resources" OK => resource::list;
    GetRestApi GET "/restapis/{restapi_id}" OK => rest_api::get;
    GetRestApis GET "/restapis" OK => rest_api::list;
    GetSdk GET "/restapis/{restapi_id}/stages/{stage_name}/sdks/{sdk_type}" OK;
    GetSdkType GET "/sdktypes/{sdktype_id}" OK;
    GetSdkTypes GET "/sdktypes" OK;
    GetStage GET "/restapis/{restapi_id}/stages/{stage_name}" OK => stage::get;
    GetStages GET "/restapis/{restapi_id}/stages" OK => stage::list;
    GetTags GET "/tags/{resource_arn}" OK => tags::get;
    GetUsage GET "/usageplans/{usageplanId}/usage" OK => usage::get;
    GetUsagePlan GET "/usageplans/{usageplanId}" OK => usage_plan::get;
    GetUsagePlanKey GET "/usageplans/{usageplanId}/keys/{keyId}" OK => usage_plan_key::get;
    GetUsagePlanKeys GET "/usageplans/{usageplanId}/keys" OK => usage_plan_key::list;
    GetUsagePlans GET "/usageplans" OK => usage_plan::list;
    GetVpcLink GET "/vpclinks/{vpclink_id}" OK;
    GetVpcLinks GET "/vpclinks" OK;
    ImportApiKeys POST "/apikeys?mode=import" CREATED => api_key_import::import;
    ImportDocumentationParts PUT "/restapis/{restapi_id}/documentation/parts" OK;
    ImportRestApi POST "/restapis?mode=import" CREATED;
    PutGatewayResponse PUT "/restapis/{restapi_id}/gatewayresponses/{response_type}" CREATED;
    PutIntegration PUT "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration" CREATED => integration::put;
    PutIntegrationResponse PUT "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}" CREATED => integration_response::put;
    PutMethod PUT "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}" CREATED => method::put;
    PutMethodResponse PUT "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}" CREATED => method_response::put;
    PutRestApi PUT "/restapis/{restapi_id}" OK;
    RejectDomainNameAccessAssociation POST "/rejectdomainnameaccessassociations" ACCEPTED;
    TagResource PUT "/tags/{resource_arn}" NO_CONTENT => tags::tag;
    TestInvokeAuthorizer POST "/restapis/{restapi_id}/authorizers/{authorizer_id}" OK;
    TestInvokeMethod POST "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}" OK;
    UntagResource DELETE "/tags/{resource_arn}" NO_CONTENT => tags::untag;
    UpdateAccount PATCH "/account" OK => account::update;
    UpdateApiKey PATCH "/apikeys/{api_Key}" OK => api_key::update;
    UpdateAuthorizer PATCH "/restapis/{restapi_id}/authorizers/{authorizer_id}" OK;
    UpdateBasePathMapping PATCH "/domainnames/{domain_name}/basepathmappings/{base_path}" OK;
    UpdateClientCertificate PATCH "/clientcertificates/{clientcertificate_id}" OK;
    UpdateDeployment PATCH "/restapis/{restapi_id}/deployments/{deployment_id}" OK => deployment::update;
    UpdateDocumentationPart PATCH "/restapis/{restapi_id}/documentation/parts/{part_id}" OK;
    UpdateDocumentationVersion PATCH "/restapis/{restapi_id}/documentation/versions/{doc_version}" OK;
    UpdateDomainName PATCH "/domainnames/{domain_name}" OK;
    UpdateGatewayResponse PATCH "/restapis/{restapi_id}/gatewayresponses/{response_type}" OK;
    UpdateIntegration PATCH "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration" OK => integration::update;
    UpdateIntegrationResponse PATCH "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}" OK => integration_response::update;
    UpdateMethod PATCH "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}" OK => method::update;
    UpdateMethodResponse PATCH "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}" CREATED => method_response::update;
    UpdateModel PATCH "/restapis/{restapi_id}/models/{model_name}" OK;
    UpdateRequestValidator PATCH "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}" OK;
    UpdateResource PATCH "/restapis/{restapi_id}/resources/{resource_id}" OK => resource::update;
    UpdateRestApi PATCH "/restapis/{restapi_id}" OK => rest_api::update;
    UpdateStage PATCH "/restapis/{restapi_id}/stages/{stage_name}" OK => stage::update;
    UpdateUsage PATCH "/usageplans/{usageplanId}/keys/{keyId}/usage" OK => usage::update;
    UpdateUsagePlan PATCH "/usageplans/{usageplanId}" OK => usage_plan::update;
    UpdateVpcLink PATCH "/vpclinks/{vpclink_id}" OK;
}

/// The operation for a method, a raw path and a query, with the labels of the path.
///
/// The path is split before it is decoded, since an ARN in one segment has encoded slashes of its own.
pub(crate) fn find(
    method: &Method,
    path: &str,
    query: &[(String, String)],
) -> Option<(&'static Operation, Vec<(&'static str, String)>)> {
    let segments: Vec<String> = path
        .strip_prefix('/')?
        .split('/')
        .map(|segment| percent_decode_str(segment).decode_utf8().map(std::borrow::Cow::into_owned))
        .collect::<Result<_, _>>()
        .ok()?;
    OPERATIONS
        .iter()
        .filter(|operation| operation.method == *method)
        .filter_map(|operation| Some((operation, operation.labels(&segments, query)?)))
        // Of two that share a path, the one that asks for a query parameter goes first.
        .max_by_key(|(operation, _)| operation.uri.contains('?'))
}

impl Operation {
    fn labels(&self, segments: &[String], query: &[(String, String)]) -> Option<Vec<(&'static str, String)>> {
        let (pattern, wanted) = self.uri.split_once('?').unwrap_or((self.uri, ""));
        let has = |pair: &str| query.iter().any(|(key, value)| pair.split_once('=') == Some((key, value)));
        if !wanted.is_empty() && !wanted.split('&').all(has) {
            return None;
        }
        let pattern: Vec<&'static str> = pattern.trim_start_matches('/').split('/').collect();
        if pattern.len() != segments.len() {
            return None;
        }
        let mut labels = Vec::new();
        for (part, segment) in pattern.into_iter().zip(segments) {
            match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                Some(label) if !segment.is_empty() => labels.push((label, segment.clone())),
                None if part == segment => {}
                Some(_) | None => return None,
            }
        }
        Some(labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(method: Method, path: &str, query: &[(&str, &str)]) -> Option<&'static str> {
        let query: Vec<_> = query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        find(&method, path, &query).map(|(operation, _)| operation.name)
    }

    #[test]
    fn all_operations_of_aws_are_named_once_and_in_order() {
        assert_eq!(OPERATIONS.len(), 124);
        assert!(OPERATIONS.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn operations_that_share_a_path_are_told_apart_by_the_query() {
        assert_eq!(name(Method::POST, "/apikeys", &[]), Some("CreateApiKey"));
        assert_eq!(name(Method::POST, "/apikeys", &[("mode", "import"), ("format", "csv")]), Some("ImportApiKeys"));
        assert_eq!(name(Method::POST, "/restapis", &[("mode", "import")]), Some("ImportRestApi"));
        assert_eq!(name(Method::POST, "/restapis", &[("mode", "merge")]), Some("CreateRestApi"));
    }

    #[test]
    fn an_arn_is_one_segment() {
        let arn = "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fusageplans%2Fabc";
        let (operation, labels) = find(&Method::GET, arn, &[]).expect("an operation");
        assert_eq!(operation.name, "GetTags");
        assert_eq!(labels, [("resource_arn", "arn:aws:apigateway:us-east-1::/usageplans/abc".to_owned())]);
    }

    #[test]
    fn what_no_operation_has_is_not_found() {
        assert_eq!(name(Method::GET, "/apikeys/", &[]), None);
        assert_eq!(name(Method::PUT, "/apikeys", &[]), None);
        assert_eq!(name(Method::GET, "/apikeys/%ff", &[]), None);
        assert_eq!(name(Method::GET, "*", &[]), None);
    }
}

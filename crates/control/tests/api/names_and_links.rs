//! Domain names, their mappings, leave to use them, VPC links, client certificates, caches, SDK types and clones,
//! through the signed API.

use crate::bench::{Bench, Told, text};
use serde_json::{Value, json};
use tollgate_domain::{RestApiId, StageName};

const BAD: &str = "BadRequestException";
const MISSING: &str = "NotFoundException";
const CLASH: &str = "ConflictException";
const INVALID: &str = "ValidationException";
const CERTIFICATE: &str = "arn:aws:acm:us-east-1:000000000000:certificate/one";

async fn regional(bench: &Bench, name: &str) -> Value {
    let body = json!({
        "domainName": name, "regionalCertificateArn": CERTIFICATE, "endpointConfiguration": {"types": ["REGIONAL"]}
    });
    bench.post("/domainnames", body).await.expect(201)
}

async fn private(bench: &Bench, name: &str) -> Value {
    let body =
        json!({"domainName": name, "certificateArn": CERTIFICATE, "endpointConfiguration": {"types": ["PRIVATE"]}});
    bench.post("/domainnames", body).await.expect(201)
}

fn encoded(arn: &str) -> String {
    arn.replace(':', "%3A").replace('/', "%2F").replace('+', "%2B")
}

/// CreateDomainName, GetDomainName, GetDomainNames, UpdateDomainName, DeleteDomainName.
#[tokio::test]
async fn a_domain_name_lives_from_creation_to_deletion() {
    let bench = Bench::new().await;
    let made = regional(&bench, "api.example.com").await;
    let address = text(&made, "regionalDomainName");
    assert!(address.starts_with("d-") && address.ends_with(".execute-api.us-east-1.amazonaws.com"), "{address}");
    let expected = json!({
        "domainName": "api.example.com",
        "domainNameArn": "arn:aws:apigateway:us-east-1::/domainnames/api.example.com",
        "regionalDomainName": address, "regionalHostedZoneId": "Z1UJRXOUMOOFQ8",
        "regionalCertificateArn": CERTIFICATE, "domainNameStatus": "AVAILABLE", "securityPolicy": "TLS_1_2",
        "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"}
    });
    assert_eq!(made, expected);
    let path = "/domainnames/api.example.com";
    assert_eq!(bench.get(path).await.expect(200), expected);
    assert_eq!(bench.get("/domainnames").await.expect(200), json!({"item": [expected]}));
    assert_eq!(bench.get("/domainnames?resourceOwner=OTHER_ACCOUNTS").await.expect(200), json!({"item": []}));
    let patched = bench.patch(path, &[("replace", "/securityPolicy", "TLS_1_0")]).await.expect(200);
    assert_eq!(patched["securityPolicy"], json!("TLS_1_0"));
    bench.delete(path).await.expect(202);
    bench.get(path).await.refused(404, MISSING, "Invalid domain name identifier specified");
    bench.delete(path).await.refused(404, MISSING, "Invalid domain name identifier specified");
}

#[tokio::test]
async fn domain_names_are_refused_in_the_words_of_aws() {
    let bench = Bench::new().await;
    regional(&bench, "api.example.com").await;
    let twice = json!({"domainName": "api.example.com", "certificateArn": CERTIFICATE});
    bench.post("/domainnames", twice).await.refused(400, BAD, "The domain name you provided already exists.");
    let constraint = "1 validation error detected: Value null at 'createDomainNameInput.domainName' failed to satisfy \
                      constraint: Member must not be null";
    bench.post("/domainnames", json!({})).await.refused(400, INVALID, constraint);
    let owner = "1 validation error detected: Value 'x' at 'resourceOwner' failed to satisfy constraint: Member must \
                 satisfy enum value set: [SELF, OTHER_ACCOUNTS]";
    bench.get("/domainnames?resourceOwner=x").await.refused(400, INVALID, owner);
    let edge = "Cannot import certificates for EDGE while REGIONAL is active.";
    let patched = bench.patch("/domainnames/api.example.com", &[("replace", "/certificateArn", CERTIFICATE)]).await;
    patched.refused(400, BAD, edge);
}

#[tokio::test]
async fn a_private_domain_name_has_an_id_and_an_arn_of_its_account() {
    let bench = Bench::new().await;
    let made = private(&bench, "private.example.com").await;
    let id = text(&made, "domainNameId");
    let arn = format!("arn:aws:apigateway:us-east-1:000000000000:/domainnames/private.example.com+{id}");
    assert_eq!(made["domainNameArn"], json!(arn));
    assert_eq!(made["endpointConfiguration"]["ipAddressType"], json!("dualstack"));
    bench.get(&format!("/domainnames/private.example.com?domainNameId={id}")).await.expect(200);
    let other = bench.get("/domainnames/private.example.com?domainNameId=other").await;
    other.refused(404, MISSING, "Invalid domain name identifier specified");
    bench.put(&format!("/tags/{}", encoded(&arn)), json!({"tags": {"a": "1"}})).await.expect(204);
    assert_eq!(bench.get("/domainnames/private.example.com").await.expect(200)["tags"], json!({"a": "1"}));
}

/// CreateBasePathMapping, GetBasePathMapping, GetBasePathMappings, UpdateBasePathMapping, DeleteBasePathMapping.
#[tokio::test]
async fn a_base_path_mapping_lives_from_creation_to_deletion() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    regional(&bench, "api.example.com").await;
    let mappings = "/domainnames/api.example.com/basepathmappings";
    let made = bench.post(mappings, json!({"restApiId": api, "stage": "dev"})).await.expect(201);
    assert_eq!(made, json!({"basePath": "(none)", "restApiId": api, "stage": "dev"}));
    assert_eq!(bench.get(&format!("{mappings}/%28none%29")).await.expect(200), made);
    assert_eq!(bench.get(&format!("{mappings}/(none)")).await.expect(200), made);
    let v1 = bench.post(mappings, json!({"restApiId": api, "basePath": "v1"})).await.expect(201);
    assert_eq!(v1, json!({"basePath": "v1", "restApiId": api}));
    assert_eq!(bench.get(mappings).await.expect(200), json!({"item": [made, v1]}));
    let operations = [("replace", "/basePath", "v2"), ("replace", "/stage", "dev")];
    let renamed = bench.patch(&format!("{mappings}/v1"), &operations).await.expect(200);
    assert_eq!(renamed, json!({"basePath": "v2", "restApiId": api, "stage": "dev"}));
    let gone = "Invalid base path mapping identifier specified";
    bench.get(&format!("{mappings}/v1")).await.refused(404, MISSING, gone);
    bench.delete(&format!("{mappings}/%28none%29")).await.expect(202);
    bench.delete(&format!("{mappings}/%28none%29")).await.refused(404, MISSING, gone);
    assert_eq!(bench.get(mappings).await.expect(200)["item"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn base_path_mappings_are_refused_in_the_words_of_aws() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    regional(&bench, "api.example.com").await;
    let mappings = "/domainnames/api.example.com/basepathmappings";
    bench.post(mappings, json!({"restApiId": api, "basePath": "v1"})).await.expect(201);
    bench.post(mappings, json!({"restApiId": api, "basePath": "v2"})).await.expect(201);
    let taken = "Base path already exists for this domain name";
    bench.post(mappings, json!({"restApiId": api, "basePath": "v1"})).await.refused(409, CLASH, taken);
    bench.patch(&format!("{mappings}/v1"), &[("replace", "/basepath", "v2")]).await.refused(409, CLASH, taken);
    let no_api = bench.post(mappings, json!({"restApiId": "nope"})).await;
    no_api.refused(400, BAD, "Invalid REST API identifier specified");
    let no_stage = bench.post(mappings, json!({"restApiId": api, "stage": "nope"})).await;
    no_stage.refused(400, BAD, "Invalid stage identifier specified");
    let no_domain = bench.post("/domainnames/nope/basepathmappings", json!({"restApiId": api})).await;
    no_domain.refused(404, MISSING, "Invalid domain name identifier specified");
}

/// DeleteRestApi and DeleteStage.
#[tokio::test]
async fn what_a_mapping_leads_to_is_not_deleted() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    regional(&bench, "api.example.com").await;
    let mappings = "/domainnames/api.example.com/basepathmappings";
    bench.post(mappings, json!({"restApiId": api, "stage": "dev"})).await.expect(201);
    let refusal = "Deleting stage dev failed. Please remove all base path mappings related to the stage in your \
                   domains: api.example.com";
    bench.delete(&format!("/restapis/{api}/stages/dev")).await.refused(400, BAD, refusal);
    let refusal = format!(
        "Deleting RestApi {api} failed. Please remove all base path mappings related to the RestApi in your domains: \
         api.example.com"
    );
    bench.delete(&format!("/restapis/{api}")).await.refused(400, BAD, &refusal);
    bench.delete("/domainnames/api.example.com").await.expect(202);
    bench.delete(&format!("/restapis/{api}")).await.expect(202);
}

/// CreateDomainNameAccessAssociation, GetDomainNameAccessAssociations, DeleteDomainNameAccessAssociation,
/// RejectDomainNameAccessAssociation.
#[tokio::test]
async fn a_domain_name_access_association_lives_from_creation_to_deletion() {
    let bench = Bench::new().await;
    let domain = text(&private(&bench, "private.example.com").await, "domainNameArn");
    let associations = "/domainnameaccessassociations";
    let body = json!({
        "domainNameArn": domain, "accessAssociationSourceType": "VPCE", "accessAssociationSource": "vpce-1"
    });
    let made = bench.post(associations, body.clone()).await.expect(201);
    let arn = text(&made, "domainNameAccessAssociationArn");
    let (_, name) = domain.rsplit_once('/').expect("an ARN");
    let expected = format!(
        "arn:aws:apigateway:us-east-1:000000000000:/domainnameaccessassociations/domainname/{name}/vpcesource/vpce-1"
    );
    assert_eq!((arn.as_str(), &made["domainNameArn"]), (expected.as_str(), &json!(domain)));
    bench.post(associations, body.clone()).await.refused(409, CLASH, "Domain name access association already exists");
    assert_eq!(bench.get(associations).await.expect(200), json!({"item": [made]}));
    bench.put(&format!("/tags/{}", encoded(&arn)), json!({"tags": {"a": "1"}})).await.expect(204);
    bench.delete(&format!("{associations}/{}", encoded(&arn))).await.expect(202);
    let gone = "Invalid domain name access association identifier specified";
    bench.delete(&format!("{associations}/{}", encoded(&arn))).await.refused(404, MISSING, gone);
    bench.post(associations, body.clone()).await.expect(201);
    let reject = |domain: &str| {
        let (arn, domain) = (encoded(&arn), encoded(domain));
        format!("/rejectdomainnameaccessassociations?domainNameAccessAssociationArn={arn}&domainNameArn={domain}")
    };
    bench.post(&reject("arn:other"), Value::Null).await.error.expect("another domain name's is not there");
    bench.post(&reject(&domain), Value::Null).await.expect(202);
    bench.post(&reject(&domain), Value::Null).await.refused(404, MISSING, gone);
    bench.post(associations, body).await.expect(201);
    bench.delete("/domainnames/private.example.com").await.expect(202);
    assert_eq!(bench.get(associations).await.expect(200), json!({"item": []}), "leave goes with the domain name");
}

#[tokio::test]
async fn leave_is_given_for_private_domain_names_alone() {
    let bench = Bench::new().await;
    let public = text(&regional(&bench, "api.example.com").await, "domainNameArn");
    let ask = |domain: &str, kind: &str| {
        let source = json!({"domainNameArn": domain, "accessAssociationSourceType": kind});
        let mut body = source;
        body["accessAssociationSource"] = json!("vpce-1");
        bench.post("/domainnameaccessassociations", body)
    };
    let text = "Domain name access associations are only supported for private domain names";
    ask(&public, "VPCE").await.refused(400, BAD, text);
    ask("arn:nope", "VPCE").await.refused(404, MISSING, "Invalid domain name identifier specified");
    let constraint = "1 validation error detected: Value 'VPC' at \
                      'createDomainNameAccessAssociationInput.accessAssociationSourceType' failed to satisfy \
                      constraint: Member must satisfy enum value set: [VPCE]";
    ask(&public, "VPC").await.refused(400, INVALID, constraint);
    let missing = bench.post("/rejectdomainnameaccessassociations", Value::Null).await;
    assert_eq!((missing.status, missing.error.as_deref()), (400, Some(INVALID)));
}

/// CreateVpcLink, GetVpcLink, GetVpcLinks, UpdateVpcLink, DeleteVpcLink.
#[tokio::test]
async fn a_vpc_link_lives_from_creation_to_deletion() {
    let bench = Bench::new().await;
    let arn = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/nlb/1";
    let made = bench.post("/vpclinks", json!({"name": "nlb", "targetArns": [arn]})).await.expect(202);
    let id = text(&made, "id");
    assert_eq!(made, json!({"id": id, "name": "nlb", "targetArns": [arn], "status": "PENDING"}));
    let path = format!("/vpclinks/{id}");
    let listed = json!({
        "id": id, "name": "nlb", "targetArns": [arn], "status": "AVAILABLE",
        "statusMessage": "Your vpc link is ready for use"
    });
    let mut single = listed.clone();
    single["tags"] = json!({});
    assert_eq!(bench.get(&path).await.expect(200), single);
    assert_eq!(bench.get("/vpclinks").await.expect(200), json!({"item": [listed]}));
    let patched = bench.patch(&path, &[("replace", "/description", "the way in")]).await.expect(200);
    assert_eq!((&patched["description"], &patched["tags"]), (&json!("the way in"), &json!({})));
    bench.patch(&path, &[("replace", "/name", "")]).await.refused(400, BAD, "Name cannot be empty");
    bench.delete(&path).await.expect(202);
    bench.get(&path).await.refused(404, MISSING, "Invalid Vpc Link identifier specified");
    bench.delete(&path).await.refused(404, MISSING, "Invalid Vpc Link identifier specified");
    bench.patch(&path, &[]).await.refused(404, MISSING, "Invalid Vpc Link identifier specified");
}

/// Lets `GET /pets` go through a VPC link, and returns the resource's id.
async fn go_through(bench: &Bench, api: &str, connection: &str) -> String {
    let tree = bench.get(&format!("/restapis/{api}/resources")).await.expect(200);
    let pets = tree["item"].as_array().expect("a list").iter().find(|it| it["path"] == "/pets").expect("it").clone();
    let pets = text(&pets, "id");
    let body = json!({
        "type": "HTTP_PROXY", "httpMethod": "GET", "uri": "http://nlb.internal", "connectionType": "VPC_LINK",
        "connectionId": connection
    });
    bench.put(&format!("/restapis/{api}/resources/{pets}/methods/GET/integration"), body).await.expect(201);
    pets
}

#[tokio::test]
async fn a_vpc_link_that_a_stage_needs_is_not_deleted() {
    let bench = Bench::new().await;
    let link = text(&bench.post("/vpclinks", json!({"name": "nlb", "targetArns": []})).await.expect(202), "id");
    let api = bench.deployed_api("dev").await;
    let pets = go_through(&bench, &api, "${stageVariables.link}").await;
    let deployment = json!({"stageName": "dev", "variables": {"link": link}});
    bench.post(&format!("/restapis/{api}/deployments"), deployment).await.expect(201);
    let refusal = format!(
        "Cannot delete vpc link. Vpc link '{link}', is referenced in [{api}:GET:{pets}:dev] in format of \
         [RESTApiId:Method:Resource:Stage]."
    );
    bench.delete(&format!("/vpclinks/{link}")).await.refused(400, BAD, &refusal);
    bench.delete(&format!("/restapis/{api}/stages/dev")).await.expect(202);
    bench.delete(&format!("/vpclinks/{link}")).await.expect(202);
}

#[tokio::test]
async fn a_vpc_link_that_only_a_canary_needs_is_not_deleted() {
    let bench = Bench::new().await;
    let link = text(&bench.post("/vpclinks", json!({"name": "nlb", "targetArns": []})).await.expect(202), "id");
    let api = bench.deployed_api("dev").await;
    go_through(&bench, &api, &link).await;
    let canary = json!({"stageName": "dev", "canarySettings": {"percentTraffic": 10}});
    bench.post(&format!("/restapis/{api}/deployments"), canary).await.expect(201);
    let refused = bench.delete(&format!("/vpclinks/{link}")).await;
    assert_eq!((refused.status, refused.error.as_deref()), (400, Some(BAD)));
    bench.patch(&format!("/restapis/{api}/stages/dev"), &[("remove", "/canarySettings", "")]).await.expect(200);
    bench.delete(&format!("/vpclinks/{link}")).await.expect(202);
}

/// GenerateClientCertificate, GetClientCertificate, GetClientCertificates, UpdateClientCertificate,
/// DeleteClientCertificate.
#[tokio::test]
async fn a_client_certificate_lives_from_generation_to_deletion() {
    let bench = Bench::new().await;
    let made = bench.post("/clientcertificates", json!({"description": "mine"})).await.expect(201);
    let (id, pem) = (text(&made, "clientCertificateId"), text(&made, "pemEncodedCertificate"));
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
    assert_eq!(
        made,
        json!({
            "clientCertificateId": id, "description": "mine", "pemEncodedCertificate": pem,
            "createdDate": 1_795_348_800, "expirationDate": 1_826_884_800
        })
    );
    let path = format!("/clientcertificates/{id}");
    assert_eq!(bench.get(&path).await.expect(200), made);
    assert_eq!(bench.get("/clientcertificates").await.expect(200), json!({"item": [made]}));
    let patched = bench.patch(&path, &[("replace", "/description", "ours")]).await.expect(200);
    assert_eq!(patched["description"], json!("ours"));
    let text = "Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/description]";
    bench.patch(&path, &[("replace", "/x", "y")]).await.refused(400, BAD, text);
    bench.delete(&path).await.expect(202);
    bench.get(&path).await.refused(404, MISSING, "Invalid Client Certificate identifier specified");
}

#[tokio::test]
async fn a_client_certificate_that_a_stage_shows_is_not_deleted() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let stage = format!("/restapis/{api}/stages/dev");
    let unknown = bench.patch(&stage, &[("replace", "/clientCertificateId", "nope")]).await;
    unknown.refused(400, BAD, "Invalid Client Certificate identifier specified");
    let made = bench.post("/clientcertificates", json!({})).await.expect(201);
    let id = text(&made, "clientCertificateId");
    let shown = bench.patch(&stage, &[("replace", "/clientCertificateId", &id)]).await.expect(200);
    assert_eq!(shown["clientCertificateId"], json!(id));
    let path = format!("/clientcertificates/{id}");
    let refusal = format!("Client Certificate {id} is used by stage {api}:dev");
    bench.delete(&path).await.refused(400, BAD, &refusal);
    bench.patch(&stage, &[("replace", "/clientCertificateId", "")]).await.expect(200);
    bench.delete(&path).await.expect(202);
}

/// FlushStageCache, FlushStageAuthorizersCache.
#[tokio::test]
async fn the_caches_of_a_stage_are_flushed() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    for cache in ["data", "authorizers"] {
        bench.delete(&format!("/restapis/{api}/stages/dev/cache/{cache}")).await.expect(202);
        let unknown = bench.delete(&format!("/restapis/{api}/stages/nope/cache/{cache}")).await;
        unknown.refused(404, MISSING, "Invalid stage identifier specified");
    }
    let flushed = bench.told().into_iter().filter(|told| matches!(told, Told::FlushAuthorizers(..)));
    assert_eq!(flushed.collect::<Vec<_>>(), [Told::FlushAuthorizers(RestApiId::new(&api), StageName::new("dev"))]);
}

/// GetSdkTypes, GetSdkType.
#[tokio::test]
async fn sdk_types_say_what_they_have_to_be_told() {
    let bench = Bench::new().await;
    let types = bench.get("/sdktypes").await.expect(200);
    let ids: Vec<_> = types["item"].as_array().expect("a list").iter().map(|kind| text(kind, "id")).collect();
    assert_eq!(ids, ["android", "java", "javascript", "objectivec", "ruby", "swift"]);
    let java = bench.get("/sdktypes/java").await.expect(200);
    assert_eq!(java["configurationProperties"][0]["name"], json!("service.name"));
    assert_eq!(java["configurationProperties"][0]["required"], json!(true));
    bench.get("/sdktypes/cobol").await.refused(404, MISSING, "Invalid SDK type identifier specified");
}

/// CreateRestApi with `cloneFrom`.
#[tokio::test]
async fn an_api_is_made_as_a_clone() {
    let bench = Bench::new().await;
    let source = bench.deployed_api("dev").await;
    let path = format!("/restapis/{source}");
    bench.patch(&path, &[("add", "/binaryMediaTypes/image~1png", "")]).await.expect(200);
    let made = bench.post("/restapis", json!({"name": "copy", "cloneFrom": source})).await.expect(201);
    let clone = text(&made, "id");
    assert_eq!((&made["name"], &made["binaryMediaTypes"]), (&json!("copy"), &json!(["image/png"])));
    let tree = bench.get(&format!("/restapis/{clone}/resources?embed=methods")).await.expect(200);
    let items = tree["item"].as_array().expect("a list");
    let root = items.iter().find(|it| it["path"] == "/").expect("a root");
    let pets = items.iter().find(|it| it["path"] == "/pets").expect("a child");
    assert_eq!((&root["id"], &pets["parentId"]), (&made["rootResourceId"], &made["rootResourceId"]));
    assert_eq!(pets["resourceMethods"]["GET"]["methodIntegration"]["type"], json!("MOCK"));
    assert_eq!(pets["resourceMethods"]["GET"]["methodIntegration"]["cacheNamespace"], pets["id"]);
    assert_eq!(bench.get(&format!("/restapis/{clone}/stages")).await.expect(200), json!({"item": []}));
    bench.post(&format!("/restapis/{clone}/deployments"), json!({"stageName": "dev"})).await.expect(201);
    bench.delete(&path).await.expect(202);
    bench.get(&format!("/restapis/{clone}/stages/dev")).await.expect(200);
    let unknown = bench.post("/restapis", json!({"name": "copy", "cloneFrom": "nope"})).await;
    unknown.refused(404, MISSING, "Invalid API identifier specified 000000000000:nope");
}

"""Domain names, what they lead to, who may reach them; VPC links and client certificates."""

from contract.case import Done, bad, clash, missing, patch
from contract.world import CERTIFICATE, LOAD_BALANCER

NO_DOMAIN = "Invalid domain name identifier specified"
NO_MAPPING = "Invalid base path mapping identifier specified"
NO_LINK = "Invalid Vpc Link identifier specified"
NO_CERTIFICATE = "Invalid Client Certificate identifier specified"
NO_ASSOCIATION = "Invalid domain name access association identifier specified"
NOWHERE = {"domainName": "nosuch.example.com"}
NO_ARN = (
    "arn:aws:apigateway:us-east-1:000000000000:/domainnameaccessassociations/domainname/nosuch/vpcesource/vpce-1"
)


def an_association(w):
    return {
        "domainNameArn": w.private_domain["domainNameArn"],
        "accessAssociationSourceType": "VPCE",
        "accessAssociationSource": "vpce-1",
    }


def association(w):
    return {"domainNameAccessAssociationArn": w.association["domainNameAccessAssociationArn"]}


def patched(of, *operation):
    return lambda w: {**getattr(w, of), "patchOperations": patch(*operation)}


DOMAIN_NAMES = [
    Done("CreateDomainName", lambda w: {"domainName": w.new_domain, "certificateArn": CERTIFICATE},
         lambda w: {"domainName": w.new_domain, "domainNameStatus": "AVAILABLE", "certificateArn": CERTIFICATE}),
    bad("CreateDomainName", lambda w: {**w.domain, "certificateArn": CERTIFICATE},
        "The domain name you provided already exists."),
    bad("CreateDomainName", lambda _: {"domainName": "plain.example.com"},
        "A certificate must be specified for each endpoint type of a domain name"),
    Done("GetDomainName", lambda w: w.domain, lambda w: {**w.domain, "domainNameStatus": "AVAILABLE"}),
    missing("GetDomainName", lambda _: NOWHERE, NO_DOMAIN),
    Done("GetDomainNames", lambda _: {"limit": 1}),
    bad("GetDomainNames", lambda _: {"position": "nonsense"}, "Invalid position parameter specified"),
    Done("UpdateDomainName", patched("domain", "replace", "/securityPolicy", "TLS_1_0"), {"securityPolicy": "TLS_1_0"}),
    missing("UpdateDomainName", lambda _: {**NOWHERE, "patchOperations": []}, NO_DOMAIN),
    Done("DeleteDomainName", lambda w: w.domain),
    missing("DeleteDomainName", lambda _: NOWHERE, NO_DOMAIN),
]

MAPPINGS = [
    Done("CreateBasePathMapping", lambda w: {**w.domain, **w.stage_served},
         lambda w: {**w.stage_served, "basePath": "(none)"}),
    clash("CreateBasePathMapping", lambda w: {**w.mapping, **w.stage_served},
          "Base path already exists for this domain name"),
    bad("CreateBasePathMapping", lambda w: {**w.domain, **w.stage_served, "basePath": "a/b"},
        "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base "
        "path mapping, use API Gateway V2."),
    missing("CreateBasePathMapping", lambda w: {**NOWHERE, **w.stage_served}, NO_DOMAIN),
    Done("GetBasePathMapping", lambda w: w.mapping, lambda w: {**w.stage_served, "basePath": "v1"}),
    missing("GetBasePathMapping", lambda w: {**w.domain, "basePath": "nosuch"}, NO_MAPPING),
    Done("GetBasePathMappings", lambda w: w.domain, {"items": []}),
    missing("GetBasePathMappings", lambda _: NOWHERE, NO_DOMAIN),
    Done("UpdateBasePathMapping", patched("mapping", "replace", "/basePath", "v2"), {"basePath": "v2"}),
    bad("UpdateBasePathMapping", patched("mapping", "replace", "/restapiId", "nosuch"),
        "Invalid REST API identifier specified"),
    missing("UpdateBasePathMapping", lambda w: {**w.domain, "basePath": "nosuch", "patchOperations": []}, NO_MAPPING),
    Done("DeleteBasePathMapping", lambda w: w.mapping),
    missing("DeleteBasePathMapping", lambda w: {**w.domain, "basePath": "nosuch"}, NO_MAPPING),
]

ASSOCIATIONS = [
    Done("CreateDomainNameAccessAssociation", an_association, {"accessAssociationSource": "vpce-1"}),
    clash("CreateDomainNameAccessAssociation", lambda w: {
        **an_association(w), "accessAssociationSource": w.association["accessAssociationSource"]},
          "Domain name access association already exists"),
    Done("GetDomainNameAccessAssociations", lambda _: {"resourceOwner": "OTHER_ACCOUNTS"}, {"items": []}),
    bad("GetDomainNameAccessAssociations", lambda _: {"position": "nonsense"}, "Invalid position parameter specified"),
    Done("DeleteDomainNameAccessAssociation", association),
    missing("DeleteDomainNameAccessAssociation", lambda _: {"domainNameAccessAssociationArn": NO_ARN}, NO_ASSOCIATION),
    Done("RejectDomainNameAccessAssociation", lambda w: {
        **association(w), "domainNameArn": w.private_domain["domainNameArn"]}),
    missing("RejectDomainNameAccessAssociation", lambda w: {
        "domainNameAccessAssociationArn": NO_ARN, "domainNameArn": w.private_domain["domainNameArn"]}, NO_ASSOCIATION),
]

LINKS = [
    Done("CreateVpcLink", lambda _: {"name": "made", "targetArns": [LOAD_BALANCER]},
         {"name": "made", "status": "PENDING", "targetArns": [LOAD_BALANCER]}),
    bad("CreateVpcLink", lambda _: {"name": "made", "targetArns": ["nope"]},
        "Invalid ARN. ARN is not well formed nope"),
    bad("CreateVpcLink", lambda _: {"name": "", "targetArns": [LOAD_BALANCER]}, "Name cannot be empty"),
    Done("GetVpcLink", lambda w: w.link, {"name": "contract", "tags": {}, "status": "AVAILABLE",
                                          "statusMessage": "Your vpc link is ready for use"}),
    missing("GetVpcLink", lambda _: {"vpcLinkId": "nosuch"}, NO_LINK),
    Done("GetVpcLinks", lambda _: {"limit": 1}),
    bad("GetVpcLinks", lambda _: {"position": "nonsense"}, "Invalid position parameter specified"),
    Done("UpdateVpcLink", patched("link", "replace", "/description", "d"), {"description": "d"}),
    missing("UpdateVpcLink", lambda _: {"vpcLinkId": "nosuch", "patchOperations": []}, NO_LINK),
    Done("DeleteVpcLink", lambda w: w.link),
    missing("DeleteVpcLink", lambda _: {"vpcLinkId": "nosuch"}, NO_LINK),
]

CERTIFICATES = [
    Done("GenerateClientCertificate", lambda _: {"description": "made"}, {"description": "made"}),
    bad("GenerateClientCertificate", lambda _: {"tags": {"aws:a": "b"}}, "Invalid tag specified: aws:a"),
    Done("GetClientCertificate", lambda w: w.certificate, lambda w: w.certificate),
    missing("GetClientCertificate", lambda _: {"clientCertificateId": "nosuch"}, NO_CERTIFICATE),
    Done("GetClientCertificates", lambda _: {"limit": 1}),
    bad("GetClientCertificates", lambda _: {"position": "nonsense"}, "Invalid position parameter specified"),
    Done("UpdateClientCertificate", patched("certificate", "replace", "/description", "d"), {"description": "d"}),
    missing("UpdateClientCertificate", lambda _: {"clientCertificateId": "nosuch", "patchOperations": []},
            NO_CERTIFICATE),
    Done("DeleteClientCertificate", lambda w: w.certificate),
    missing("DeleteClientCertificate", lambda _: {"clientCertificateId": "nosuch"}, NO_CERTIFICATE),
]

CASES = DOMAIN_NAMES + MAPPINGS + ASSOCIATIONS + LINKS + CERTIFICATES

"""Offline checks: small functions that prove or refute a match without a network. Rules name them.

A new check is one function in a file here and one line in the table.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leakguard.detect.checks.evidence import Check

CHECKS: dict[str, str] = {
    "artifactory-api-key": "artifactory:check_api_key",
    "atlassian-cloud": "atlassian:check_cloud",
    "atlassian-data-center": "atlassian:check_data_center",
    "aws-account": "aws:check_account",
    "aws-mail-password": "aws:check_mail_password",
    "aws-secret": "aws:check_secret",
    "azure-annotated": "azure:check_annotated",
    "azure-client-secret": "azure:check_client_secret",
    "azure-devops-token": "azure:check_devops_token",
    "azure-identifiable": "azure:check_identifiable",
    "azure-signature": "azure:check_signature",
    "azure-storage-key": "azure:check_storage_key",
    "base58check": "base58:check_base58check",
    "base64-json": "decode:check_json",
    "base64-text": "decode:check_text",
    "basic-auth": "basic:check_basic",
    "bech32": "bech32:check_bech32",
    "bitbucket-data-center": "atlassian:check_bitbucket",
    "cloudflare-token": "cloudflare:check_token",
    "confluent-crc": "confluent:check_secret",
    "context": "context:check_gap",
    "crates-trusted": "crates:check_trusted",
    "crc32-base62": "crc:check_base62",
    "crc32-hex": "crc:check_hex",
    "discord-token": "discord:check_token",
    "docker-auth": "basic:check_docker",
    "dropbox-token": "dropbox:check_long_lived",
    "gcp-key-file": "google:check_key_file",
    "gcp-key-file-base64": "google:check_encoded_key_file",
    "github-stateless": "github:check_stateless",
    "gitlab-routable": "gitlab:check_routable",
    "google-api-key": "google:check_api_key",
    "google-client-secret": "google:check_client_secret",
    "grafana-crc": "grafana:check_service_account",
    "json-expiry": "expiry:check_payload",
    "judged": "judged:check_judged",
    "jwe": "jwt:check_jwe",
    "jwk": "pem:check_jwk",
    "jwt": "jwt:check_jwt",
    "jwt-base64": "jwt:check_wrapped_jwt",
    "jwt-near": "jwt_near:check_near",
    "key-base64": "pem:check_bare_key",
    "kubernetes-key-data": "kubernetes:check_key_data",
    "kubernetes-secret-value": "kubernetes:check_secret_value",
    "kubernetes-service-account": "kubernetes:check_service_account",
    "macaroon": "macaroon:check_macaroon",
    "mapbox-token": "mapbox:check_token",
    "matrix-service": "matrix:check_service",
    "matrix-synapse": "matrix:check_synapse",
    "mixed": "shape:check_mixed",
    "mnemonic": "mnemonic:check_mnemonic",
    "nats-seed": "nats:check_seed",
    "not-digest": "digest:check_not_digest",
    "not-named": "context:check_not_named",
    "not-hex": "shape:check_not_hex",
    "pem": "pem:check_pem",
    "pem-base64": "pem:check_wrapped_pem",
    "putty": "putty:check_putty",
    "reviewboard-token": "reviewboard:check_token",
    "saved-password": "saved:check_password",
    "secp256k1": "secp256k1:check_scalar",
    "solana-pair": "secp256k1:check_solana",
    "ssh2": "putty:check_ssh2",
    "stellar-seed": "strkey:check_seed",
    "triton-key": "triton:check_key",
    "url-password": "url:check_password",
    "z-base-32": "mattermost:check_alphabet",
    "zuplo-key": "zuplo:check_key",
}
"""Check name to module:function. A module is imported when a rule first asks for its check."""


def find_check(name: str) -> tuple[Check, str]:
    """The check that a rule's entry names, and its argument. KeyError for a name that is not in the table."""
    kind, _, argument = name.partition(":")
    return _load(CHECKS[kind]), argument


@cache
def _load(entry: str) -> Check:
    module, _, function = entry.partition(":")
    check: Check = getattr(import_module(f"{__name__}.{module}"), function)
    return check

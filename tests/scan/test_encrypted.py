"""What is encrypted is good news: recognised, counted in every report, never alarmed on; its key is the finding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from leakguard.changes.staged import look_at_staged
from leakguard.cli.hooked import surroundings
from leakguard.config import Settings
from leakguard.detect.rules import patterns_folder, read_rules
from leakguard.detect.template import expand
from leakguard.report import FORMATS, find_report
from leakguard.scan.run import scan
from leakguard.sweep.run import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from leakguard.detect.detector import Detector
    from leakguard.detect.ruleset import RuleSet
    from leakguard.model import Result
    from tests.conftest import GitRepo

SOPS = "ENC[AES256_GCM,data:{base64:24},iv:{bytes64:32},tag:{bytes64:16},type:str]"
FILES = {
    "group_vars/vault.yml": ("$ANSIBLE_VAULT;1.1;AES256\n" + "{hex:80}\n" * 6, "Ansible Vault"),
    "group_vars/all.yml": (
        "password: !vault |\n  $ANSIBLE_VAULT;1.2;AES256;prod\n  {hex:80}\n  {hex:80}\n",
        "Ansible Vault",
    ),
    "config/credentials.yml.enc": ("{bytes64:400}--{bytes64:12}--{bytes64:16}", "Rails credentials"),
    "sops.yaml": (
        f"db:\n  password: {SOPS}\n  stripe_key: {SOPS}\nsops:\n  age:\n    - enc: |\n"
        f"        -----BEGIN AGE ENCRYPTED FILE-----\n        {{base64:64}}\n  mac: {SOPS}\n",
        "SOPS",
    ),
    "sops.json": (f'{{"token": "{SOPS}", "sops": {{"mac": "{SOPS}"}}}}', "SOPS"),
    "sops.env": (f"API_TOKEN={SOPS}\nsops_mac={SOPS}\n", "SOPS"),
    "sops.ini": (f"[db]\npassword = {SOPS}\n[sops]\nmac = {SOPS}\n", "SOPS"),
    "k8s/sealed.yaml": (
        "kind: SealedSecret\nspec:\n  encryptedData:\n    password: AgB{base64:733}\n    api_key: AgC{base64:733}\n",
        "sealed secret",
    ),
    ".env": ('DB_PASSWORD="encrypted:B{base64:151}"\nAPI_KEY="encrypted:B{base64:171}="\n', "dotenvx"),
    ".env.vault": ('DOTENV_VAULT_PRODUCTION="{base64:120}=="\n', "dotenv-vault"),
    ".env.encrypted": ('{b64pad:{"iv":"{bytes64:16}","value":"{bytes64:96}","mac":"{hex:64}"}}', "Laravel environment"),
    "secret.bin": ("\0GITCRYPT\0{alnum:60}", "git-crypt"),
    "app.properties": ("spring.datasource.password=ENC({bytes64:24})\n", "Jasypt"),
    "a.ejson": ('{"password": "EJ[1:{bytes64:32}:{bytes64:24}:{bytes64:40}]"}', "EJSON"),
    "secrets.eyaml": ("password: ENC[PKCS7,{bytes64:200}]\n", "hiera-eyaml"),
    "file.age": ("age-encryption.org/v1\n-> X25519 {base64:43}\n{base64:43}\n--- {base64:43}\n", "age"),
    "note.asc": ("-----BEGIN PGP MESSAGE-----\n\n{base64:64}\n{base64:64}\n-----END PGP MESSAGE-----\n", "PGP message"),
    "terraform.tfstate": ('{"serial":3,"encrypted_data":"{base64:120}","encryption_version":"v0"}', "OpenTofu state"),
    ".travis.yml": ('env:\n  global:\n    - secure: "{base64:683}="\n', "CI or Pulumi secure value"),
    "kms.yaml": ("db_password: AQICAH{base64:162}==\n", "AWS KMS ciphertext"),
    "transit.yaml": ("password: vault:v1:{bytes64:48}\n", "Vault transit ciphertext"),
    "session.env": (
        'ACCESS_TOKEN={b64url:{"alg":"dir","enc":"A256GCM"}}..{base64url:16}.{base64url:80}.{base64url:22}\n',
        "Encrypted JSON Web Token",
    ),
}  # fmt: skip


@pytest.fixture
def folder(repo: GitRepo) -> Path:
    for name, (template, _) in FILES.items():
        repo.write(name, expand(template, name).encode("latin-1"))
    return repo.path


@pytest.fixture
def look(rules: RuleSet) -> Callable[..., Result]:
    return lambda *paths: scan(paths, rules, Settings(jobs=1, fingerprint_key="test"), lambda *_: None)


def kinds(names: Iterable[str] = FILES) -> dict[str, int]:
    counted: dict[str, int] = {}
    for name in names:
        kind = FILES[name][1]
        counted[kind] = counted.get(kind, 0) + 1
    return counted


@pytest.mark.parametrize("name", FILES)
def test_each_kind_of_encrypted_file_is_counted_and_never_alarmed_on(name: str, folder: Path, look) -> None:
    result = look(folder / name)
    assert result.findings == ()
    assert result.coverage.encrypted == kinds([name])


def test_a_sweep_and_a_commit_count_the_same_as_a_scan(folder: Path, repo: GitRepo, rules: RuleSet, look) -> None:
    settings = Settings(jobs=1, fingerprint_key="test")
    repo.git("add", "--all", "--force", ".")
    staged = look_at_staged(folder, surroundings(folder), rules, settings)
    repo.commit("all of it")
    results = [look(folder), staged, sweep(folder, rules, settings)]
    assert [result.findings for result in results] == [(), (), ()]
    assert [result.coverage.encrypted for result in results] == [kinds()] * 3


def test_a_remembered_sweep_still_knows_what_is_encrypted(folder: Path, repo: GitRepo, leakguard) -> None:
    repo.commit("all of it")
    repo.git("gc", "--quiet")
    first, second = (json.loads(leakguard("sweep", folder, "-f", "json").out) for _ in range(2))
    assert first["results"][0]["coverage"]["encrypted"] == kinds()
    assert first == second


def test_every_format_tells_the_good_news(folder: Path, look) -> None:
    result = look(folder / "sops.yaml", folder / "group_vars")
    for name in FORMATS:
        data = find_report(name)([result], show_secrets=False, colour=False).decode()
        assert "Ansible Vault" in data, name
        assert "SOPS" in data, name
    text = find_report("text")([result], show_secrets=False, colour=False).decode()
    assert "encrypted, as it should be: 3 files (2 Ansible Vault, 1 SOPS)" in text


KEYS = {
    "keys.txt": ("# public key: age1\n{bech32:AGE-SECRET-KEY-:32}\n", "age-secret-key", "file.age"),
    "config/master.key": ("{hex:32}\n", "rails-key-file", "config/credentials.yml.enc"),
    ".env.keys": ('DOTENV_PRIVATE_KEY="{hex:64}"\n', "dotenvx-private-key", ".env"),
    "exported": ("\0GITCRYPTKEY\0\0\0\2{alnum:136}", "git-crypt-key", "secret.bin"),
    ".vault_pass": ("{alnum:24}\n", "ansible-vault-password", "group_vars/vault.yml"),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_key_beside_what_it_opens_is_a_finding_that_says_so(name: str, folder: Path, repo: GitRepo, look) -> None:
    template, rule, opened = KEYS[name]
    repo.write(name, expand(template, name).encode("latin-1"))
    (finding,) = look(folder).findings
    assert finding.rule == rule
    assert "opens what lies beside it" in finding.reasons[-1]
    assert opened in finding.advice.steps[0]


def test_a_key_alone_opens_nothing(tmp_path: Path, look) -> None:
    (tmp_path / "master.key").write_text(expand("{hex:32}\n", "alone"))
    (finding,) = look(tmp_path).findings
    assert not any("opens" in reason for reason in finding.reasons)


def test_a_sweep_finds_the_key_of_what_it_opens(folder: Path, repo: GitRepo, rules: RuleSet) -> None:
    repo.commit("all of it", config__master="x")
    repo.write("config/master.key", expand("{hex:32}\n", "swept"))
    repo.commit("the key")
    (finding,) = sweep(folder, rules, Settings(jobs=1)).findings
    assert finding.rule == "rails-key-file"
    assert "1 text encrypted with Rails credentials" in finding.reasons[-1]


def test_a_bare_hexadecimal_line_is_a_rails_key_in_such_a_file_only(tmp_path: Path, look) -> None:
    (tmp_path / "checksum.txt").write_text(expand("{hex:32}\n", "sum"))
    assert look(tmp_path).findings == ()


def test_a_plain_secret_beside_encrypted_ones_is_found_all_the_same(tmp_path: Path, look, token) -> None:
    (tmp_path / "half.yaml").write_text(expand(f"a: {SOPS}\n", "half") + f"token: {token('a')}\n")
    result = look(tmp_path)
    assert [finding.rule for finding in result.findings] == ["github-pat-classic"]
    assert result.coverage.encrypted == {"SOPS": 1}


def test_text_about_encryption_is_not_encrypted(tmp_path: Path, look) -> None:
    (tmp_path / "README.md").write_text(
        "Files begin with `$ANSIBLE_VAULT;1.1;AES256`, values with `ENC[AES256_GCM,data:...`, and\n"
        "-----BEGIN PGP MESSAGE-----\n...\n-----END PGP MESSAGE-----\nencrypted:value ENC(value)\n"
    )
    assert look(tmp_path).coverage.encrypted == {}


def test_every_recogniser_has_a_kind_to_call_it_by_and_every_key_opens_one(detector: Detector) -> None:
    recognisers = {rule.id for rule, _ in read_rules([patterns_folder() / "encrypted.toml"]) if rule.encrypted}
    assert all(name.startswith("encrypted-") for name in recognisers)
    opened = {kind for rule in detector.rules for kind in rule.opens}
    assert opened <= recognisers

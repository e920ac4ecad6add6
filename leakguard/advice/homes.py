"""Where a secret belongs instead, with the few lines that put it there and read it. No line holds a value: each asks
for it, or reads it from standard input, so that none ends up in a shell's history.

`NAME` stands for the variable. Sources: the tools' own documentation.
"""

from __future__ import annotations

import re

import msgspec


class Store(msgspec.Struct, frozen=True):
    """A place for secrets: how to put one there, how to `load` it into the environment, and how code reads it."""

    title: str
    put: tuple[str, ...]
    load: tuple[str, ...] = ()
    code: dict[str, tuple[str, ...]] = {}


READ: dict[str, str] = {
    "node": "const name = process.env.NAME; if (!name) throw new Error('NAME is not set');",
    "python": 'name = os.environ["NAME"]',
    "ruby": 'name = ENV.fetch("NAME")',
    "go": 'name, ok := os.LookupEnv("NAME")',
    "java": 'String name = System.getenv("NAME");',
    "dotnet": 'var name = Environment.GetEnvironmentVariable("NAME");',
    "php": "$name = getenv('NAME');",
    "rust": 'let name = std::env::var("NAME")?;',
    "shell": ': "${NAME:?is not set}"',
    "terraform": 'variable "name" { type = string, sensitive = true }   # from TF_VAR_name',
    "yaml": "name: ${NAME}   # where the program expands variables",
}
"""How each language reads a variable of the environment; Node first."""

LANGUAGES: dict[str, str] = {
    "js": "node", "cjs": "node", "mjs": "node", "ts": "node", "tsx": "node", "jsx": "node", "json": "node",
    "vue": "node", "svelte": "node", "py": "python", "ipynb": "python", "rb": "ruby", "erb": "ruby", "go": "go",
    "java": "java", "kt": "java", "scala": "java", "groovy": "java", "cs": "dotnet", "fs": "dotnet", "vb": "dotnet",
    "php": "php", "rs": "rust", "sh": "shell", "bash": "shell", "zsh": "shell", "tf": "terraform", "hcl": "terraform",
    "tfvars": "terraform", "yml": "yaml", "yaml": "yaml",
}  # fmt: skip
"""A file's extension -> the language that is at hand there."""

STORES: dict[str, Store] = {
    "dotenv": Store(
        "an ignored .env file",
        ("printf '.env\\n.env.*\\n!.env.example\\n' >> .gitignore", "echo 'NAME=' >> .env.example", "$EDITOR .env"),
        (),
        {"node": ("node --env-file=.env app.js      # Node 20.6 or newer; else:", "require('dotenv').config();"),
         "python": ("from dotenv import load_dotenv; load_dotenv()      # python-dotenv",)},
    ),
    "environment": Store("the environment", ("read -rs NAME && export NAME",), ()),
    "aws": Store(
        "AWS Secrets Manager",
        ("aws secretsmanager create-secret --name app/NAME --secret-string file:///dev/stdin",),
        ('NAME="$(aws secretsmanager get-secret-value --secret-id app/NAME --query SecretString --output text)"',),
        {"node": (
            "const { SecretsManagerClient, GetSecretValueCommand } = require('@aws-sdk/client-secrets-manager');",
            "const { SecretString } = await new SecretsManagerClient().send("
            "new GetSecretValueCommand({ SecretId: 'app/NAME' }));"),
         "python": ('boto3.client("secretsmanager").get_secret_value(SecretId="app/NAME")["SecretString"]',)},
    ),
    "azure": Store(
        "Azure Key Vault",
        ("az keyvault secret set --vault-name VAULT --name NAME --file /dev/stdin",),
        ('NAME="$(az keyvault secret show --vault-name VAULT --name NAME --query value --output tsv)"',),
        {"node": (
            "const { SecretClient } = require('@azure/keyvault-secrets');",
            "const { DefaultAzureCredential } = require('@azure/identity');",
            "const { value } = await new SecretClient('https://VAULT.vault.azure.net', new DefaultAzureCredential())"
            ".getSecret('NAME');"),
         "python": ('SecretClient("https://VAULT.vault.azure.net", DefaultAzureCredential())'
                    '.get_secret("NAME").value',)},
    ),
    "google": Store(
        "Google Secret Manager",
        ("gcloud secrets create NAME --data-file=-",),
        ('NAME="$(gcloud secrets versions access latest --secret=NAME)"',),
        {"node": (
            "const { SecretManagerServiceClient } = require('@google-cloud/secret-manager');",
            "const [version] = await new SecretManagerServiceClient().accessSecretVersion("
            "{ name: 'projects/PROJECT/secrets/NAME/versions/latest' });",
            "const name = version.payload.data.toString();"),
         "python": ("secretmanager.SecretManagerServiceClient().access_secret_version("
                    'name="projects/PROJECT/secrets/NAME/versions/latest").payload.data.decode()',)},
    ),
    "digitalocean": Store(
        "DigitalOcean App Platform",
        ("App > Settings > the component > Environment Variables: add NAME and tick Encrypt",
         "in the app's spec: - key: NAME, scope: RUN_TIME, type: SECRET (its value is shown encrypted from then on)"),
    ),
    "vault": Store(
        "HashiCorp Vault",
        ("vault kv put -mount=secret app NAME=-",),
        ('NAME="$(vault kv get -mount=secret -field=NAME app)"',),
        {"node": ("const { data } = await require('node-vault')().read('secret/data/app');",
                  "const name = data.data.NAME;"),
         "python": ('hvac.Client().secrets.kv.v2.read_secret_version(path="app")["data"]["data"]["NAME"]',)},
    ),
    "ansible-vault": Store(
        "Ansible Vault",
        ("ansible-vault encrypt_string --stdin-name name >> group_vars/all/vault.yml",
         "keep the vault's password out of the repository: --vault-password-file outside of it, or a prompt"),
    ),
    "git-crypt": Store(
        "git-crypt",
        ("git-crypt init && git-crypt add-gpg-user YOU",
         "echo 'secrets/** filter=git-crypt diff=git-crypt' >> .gitattributes      # before the file is added",
         "git-crypt status      # says what is encrypted; what was committed before stays readable"),
    ),
    "sops": Store(
        "SOPS",
        ("age-keygen -o ~/.config/sops/age/keys.txt      # its public key goes into .sops.yaml",
         "sops edit secrets.enc.yaml"),
        ("sops exec-env secrets.enc.yaml 'node app.js'",),
    ),
    "doppler": Store(
        "Doppler",
        ("doppler setup", "doppler secrets set NAME      # asks for it"),
        ("doppler run -- node app.js",),
    ),
    "github-actions": Store(
        "GitHub Actions secrets",
        ("gh secret set NAME      # asks for it",),
        ("env:", "  NAME: ${{ secrets.NAME }}      # in the step that needs it, not in the whole workflow"),
    ),
}  # fmt: skip


def language_of(path: str) -> str:
    """The language at hand in a file, by its name."""
    return LANGUAGES.get(path.rsplit("/", 1)[-1].rpartition(".")[2].lower(), "node")


def variable_of(name: str) -> str:
    """What a variable for a value of this name is called: jwtSecret -> JWT_SECRET; NAME where it has no usable name."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    found = re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_").upper()
    return found if found and not found[0].isdigit() and len(found) <= 60 and found.isascii() else "NAME"


def read_line(path: str, name: str) -> str:
    """The line that reads the value from the environment, in the language of the file where it was found."""
    return READ[language_of(path)].replace("NAME", variable_of(name))


def instructions(store: str, language: str) -> list[str]:
    """The lines for one store in one language."""
    chosen = STORES[store]
    lines = [f"{chosen.title}:", *(f"  {line}" for line in chosen.put)]
    code = chosen.code.get(language, ())
    if code and store != "dotenv":
        return [*lines, *(f"  {line}" for line in code)]
    return [*lines, *(f"  {line}" for line in (*chosen.load, *code, READ[language]))]

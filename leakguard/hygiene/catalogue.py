"""What should never be committed: names, grouped, and which of them every kind of project should ignore.

A new kind of file is one line in a group. Globs are those of .gitignore: without a slash they fit at any depth.
"""

from __future__ import annotations

import re

import msgspec


class Group(msgspec.Struct, frozen=True):
    """Files of one kind. `lines` are what .gitignore should say; the presence of a file that fits `markers` makes
    them wanted before such a file is there. Only files whose first bytes fit `content` count, where it is given.
    """

    name: str
    why: str
    globs: tuple[str, ...]
    lines: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    content: str = ""

    def holds(self, data: bytes) -> bool:
        """Whether a file's first bytes make it one of this group."""
        return not self.content or re.search(self.content.encode(), data) is not None


EXAMPLES = (
    ".env.example", ".env.sample", ".env.template", ".env.dist", ".env.defaults", ".env.schema", ".env.tpl",
    ".env.*.example", ".env.*.sample", ".env.*.template", ".env.*.dist", "example.env", "sample.env", "template.env",
    "*.example.env", ".envrc.example", ".env-example", ".env-sample", ".env_example", "env.example",
)  # fmt: skip
"""Environment files that are made to be committed: they show names, and must hold no real values."""

_PRIVATE = r"-----BEGIN [A-Z ]*PRIVATE KEY|PuTTY-User-Key-File|BEGIN SSH2 ENCRYPTED"

GROUPS = (
    Group(
        "environment files",
        "they hold the secrets of the machine that they are on",
        (".env", ".env.*", "*.env", ".envrc", ".dev.vars", ".flaskenv.local"),
        (".env", ".env.*", "!.env.example", "!.env.sample", "!.env.template", "!.env.dist"),
        (*EXAMPLES, ".env.vault"),
        markers=(
            "package.json", "pyproject.toml", "requirements*.txt", "setup.py", "Pipfile", "Gemfile", "composer.json",
            "go.mod", "Dockerfile", "docker-compose*.y*ml", "compose.y*ml", "manage.py", "pubspec.yaml", "Cargo.toml",
        ),
    ),
    Group("dotenvx keys", "they decrypt the committed .env files", (".env.keys",), (".env.keys",)),
    Group(
        "private keys",
        "whoever has one can act in its owner's name",
        ("*.pem", "*.key", "*.ppk", "*.p8", "*.asc", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_*_sk"),
        ("*.pem", "*.key", "*.p8", "*.ppk", "id_rsa", "id_ecdsa", "id_ed25519"),
        content=_PRIVATE,
    ),
    Group(
        "keystores",
        "they hold private keys behind a password that can be tried out",
        ("*.jks", "*.keystore", "*.p12", "*.pfx", "*.bks", "*.kdbx", "*.pkcs12", "secring.gpg", "*.keychain-db"),
        ("*.jks", "*.keystore", "*.p12", "*.pfx"),
        ("debug.keystore",),
        ("pom.xml", "build.gradle", "build.gradle.kts", "AndroidManifest.xml", "*.csproj", "*.sln"),
    ),
    Group(
        "Terraform state and variables",
        "state holds every generated password in clear text",
        ("*.tfstate", "*.tfstate.*", "*.tfvars", "*.tfvars.json", ".terraform", ".terraformrc", "terraform.rc",
         "crash.log", "*.tfplan"),
        ("*.tfstate", "*.tfstate.*", "*.tfvars", "*.tfvars.json", ".terraform/", "*.tfplan"),
        ("*.tfvars.example", "example.tfvars", "*.example.tfvars", "*.tftest.tfvars"),
        ("*.tf",),
    ),
    Group(
        "cloud credentials",
        "they open an account at a cloud provider",
        (".aws/credentials", "credentials.json", "client_secret*.json", "service-account*.json",
         "service_account*.json", "*-service-account.json", "serviceAccountKey.json", "*firebase-adminsdk*.json",
         "gcp-key*.json", ".boto",
         ".s3cfg", "azureProfile.json", "accessTokens.json", "*.publishsettings", ".databrickscfg", "rootkey.csv",
         "*accessKeys.csv", "application_default_credentials.json", ".clasprc.json"),
        (".aws/credentials", "credentials.json", "client_secret*.json", "*service-account*.json",
         "serviceAccountKey.json"),
        content=r"(?i)private_key|secret|token|password|access.?key|\bkey\b",
    ),
    Group(
        "cluster and registry credentials",
        "they open a cluster or a registry",
        ("kubeconfig", "kubeconfig.*", "*.kubeconfig", ".kube/config", ".dockercfg", ".docker/config.json",
         ".vault-token", "ca.key", "admin.conf"),
        ("kubeconfig", "*.kubeconfig", ".kube/"),
        markers=("Chart.yaml", "kustomization.y*ml", "helmfile.y*ml", "skaffold.yaml"),
        content=r"(?i)(?:client-key|token|password|auth|PRIVATE KEY)",
    ),
    Group(
        "login files of programs",
        "they hold names and passwords in clear text",
        (".netrc", "_netrc", ".pgpass", "pgpass.conf", ".my.cnf", ".mylogin.cnf", ".pypirc", ".git-credentials",
         ".htpasswd", ".smbcredentials", ".gem/credentials", ".cargo/credentials*", "auth.json", ".msmtprc"),
        (".netrc", ".pgpass", ".my.cnf", ".pypirc", ".git-credentials", ".htpasswd"),
        content=r"\S[ \t]*[:= \t][ \t]*\S",
    ),
    Group(
        "package registry tokens",
        "they publish packages in their owner's name",
        (".npmrc", ".yarnrc", ".yarnrc.yml", "nuget.config", "NuGet.Config", "pip.conf", ".pip/pip.conf"),
        (),
        content=r"(?i)_auth(?:Token)?\s*=\s*[^$\s]|_password\s*=\s*[^$\s]|npmAuth(?:Token|Ident):\s*[^$\s]"
        r"|ClearTextPassword[^>]*value=\"[^%\"]|://[^/@\s:$]+:[^/@\s$]+@",
    ),
    Group(
        "Rails keys",
        "they decrypt the committed credentials",
        ("config/master.key", "config/credentials/*.key", "config/secrets.yml.key"),
        ("/config/master.key", "/config/credentials/*.key"),
        markers=("config/application.rb",),
    ),
    Group(
        "local settings of Python projects",
        "they hold what differs from machine to machine, passwords first",
        ("local_settings.py", ".streamlit/secrets.toml", ".secrets.toml", "secrets.toml"),
        ("local_settings.py", ".streamlit/secrets.toml", ".secrets.toml"),
        markers=("manage.py", ".streamlit", "settings.toml"),
    ),
    Group(
        "mobile signing",
        "they sign an app in its owner's name",
        ("key.properties", "keystore.properties", "signing.properties", "*.mobileprovision", "AuthKey_*.p8",
         "fastlane/.env*", "*.certSigningRequest"),
        ("key.properties", "keystore.properties", "*.mobileprovision", "AuthKey_*.p8"),
        markers=("AndroidManifest.xml", "pubspec.yaml", "Podfile", "*.xcodeproj"),
    ),
    Group(
        "Gradle and Maven logins",
        "they hold registry and signing passwords",
        ("gradle.properties", "local.properties", "settings.xml", "settings-security.xml"),
        ("local.properties",),
        markers=("AndroidManifest.xml",),
        content=r"(?im)^[^#\n]*(?:password|passwd|token|secret)\w*\s*=\s*[^$\s{]|<password>[^$<{]",
    ),
    Group(
        ".NET local settings",
        "they hold connection strings and keys",
        ("appsettings.local.json", "appsettings.*.local.json", "appsettings.Local.json", "*.pubxml.user",
         "local.settings.json"),
        ("appsettings.Local.json", "appsettings.*.local.json", "local.settings.json", "*.pubxml.user"),
        markers=("*.csproj", "*.sln", "*.fsproj"),
    ),
    Group(
        "Ansible vault passwords",
        "they decrypt every vault in the repository",
        (".vault_pass*", "vault_pass*.txt", ".vault-pass*", "vault-password*", ".vault_password*"),
        (".vault_pass*", "vault_pass*.txt"),
        markers=("ansible.cfg",),
    ),
    Group(
        "database dumps",
        "they hold people's data and password hashes",
        ("*.dump", "*.pgdump", "*.sql.gz", "*.sql.bz2", "*.sql.zip", "*dump*.sql", "*backup*.sql", "dump.rdb",
         "*.hprof", "heapdump*"),
        ("*.dump", "*.sql.gz", "*.hprof"),
    ),
    Group(
        "histories of shells and clients",
        "they hold passwords that were typed in",
        (".bash_history", ".zsh_history", ".sh_history", ".psql_history", ".mysql_history", ".sqlite_history",
         ".node_repl_history", ".python_history", ".rediscli_history", ".irb_history", ".mongorc.history", ".dbshell"),
        (".*_history",),
    ),
    Group(
        "logins that editors and transfer programs keep",
        "they hold the addresses and passwords of servers",
        (".idea/dataSources.xml", ".idea/dataSources.local.xml", ".idea/webServers.xml", ".idea/deployment.xml",
         ".idea/sshConfigs.xml", ".vscode/sftp.json", ".vscode/ftp-sync.json", "sftp-config.json", ".ftpconfig",
         ".remote-sync.json", "sitemanager.xml", "recentservers.xml", "filezilla.xml", "WinSCP.ini", "*.rdp", "*.ovpn"),
        (".idea/dataSources*.xml", ".idea/webServers.xml", ".vscode/sftp.json", "sftp-config.json"),
        markers=(".idea", ".vscode"),
        content=r"(?i)password|passphrase|PRIVATE KEY|jdbc-url|<Pass|privateKey",
    ),
)  # fmt: skip
"""In the order in which they are told."""

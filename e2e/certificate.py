"""Certificates that vouch for themselves."""

import subprocess


def self_signed(folder, file, *names):
    """Makes one for names such as `DNS:localhost` or `IP:127.0.0.1`. Returns its file and its key's."""
    certificate, key = folder / f"{file}.crt", folder / f"{file}.key"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    named = ["-subj", f"/CN={names[0].partition(':')[2]}", "-addext", "subjectAltName=" + ",".join(names)]
    named += ["-addext", "basicConstraints=CA:FALSE", "-out", certificate, "-keyout", key]
    subprocess.run([*made, *named], check=True, capture_output=True)
    return certificate, key

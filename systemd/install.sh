#!/bin/sh
# Installs the service: the program under /opt/vaguemestre, its configuration under /etc/vaguemestre, its unit and its user.
# Again for an upgrade: a configuration that is there stays as it is. With DESTDIR, everything goes under that folder and
# nothing of this machine is touched. PYTHON is the interpreter, PIP_FLAGS goes to pip.
set -eu

root=${DESTDIR:-}
prefix=/opt/vaguemestre
source=$(dirname "$0")/..
python=${PYTHON:-python3}

if [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
    echo "make install: only root can; sudo make install, or DESTDIR=folder to look at it first" >&2
    exit 1
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "make install: $python is older than Python 3.11; PYTHON=... names another" >&2
    exit 1
}

if [ -z "$root" ]; then
    "$source/prepare.sh" run
fi
"$python" -m venv "$root$prefix" || {
    echo "make install: no virtual environment can be made; on Debian: apt-get install python3-venv" >&2
    exit 1
}
# shellcheck disable=SC2086  # several flags
"$root$prefix/bin/python" -m pip install --quiet --upgrade ${PIP_FLAGS:-} "$source[postgresql]"

put() { # MODE FILE TARGET
    install -D -m "$1" "$source/$2" "$root$3"
}
put 644 vaguemestre.example.toml "$prefix/share/doc/vaguemestre/vaguemestre.example.toml"
put 644 docs/administrateur.md "$prefix/share/doc/vaguemestre/administrateur.md"
put 644 systemd/vaguemestre.service /etc/systemd/system/vaguemestre.service
put 644 systemd/vaguemestre.sysusers.conf /etc/sysusers.d/vaguemestre.conf
put 644 systemd/vaguemestre.tmpfiles.conf /etc/tmpfiles.d/vaguemestre.conf
config=/etc/vaguemestre/vaguemestre.toml
kept=
if [ -e "$root$config" ]; then
    kept=" (yours, left as it is)"
else
    put 640 vaguemestre.example.toml "$config"
fi
install -d "$root/usr/local/bin"
ln -sfn "$prefix/bin/vaguemestre" "$root/usr/local/bin/vaguemestre"

if [ -z "$root" ]; then
    systemd-sysusers /etc/sysusers.d/vaguemestre.conf
    systemd-tmpfiles --create /etc/tmpfiles.d/vaguemestre.conf
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
    fi
fi

cat <<EOF
Vaguemestre is installed under $root$prefix. Next:
  1. edit   $root$config$kept
  2. write  $root/etc/vaguemestre/imap-password and smtp-password, one line each
            chgrp vaguemestre and chmod 640 both
  3. try    sudo -u vaguemestre vaguemestre check
  4. start  systemctl enable --now vaguemestre    (after an upgrade: systemctl restart vaguemestre)
The guide:  $root$prefix/share/doc/vaguemestre/administrateur.md
EOF

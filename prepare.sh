#!/usr/bin/env bash
# Installs the Debian packages that a command needs: `prepare.sh run` (letters and PDFs), `prepare.sh test` (servers to test against).
# As root or with sudo it calls apt-get; otherwise it says what is missing and leaves the rest to you.
set -euo pipefail

run_packages=(python3-venv libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-liberation2 poppler-utils)
test_packages=("${run_packages[@]}" dovecot-imapd postgresql)

case "${1:-}" in
    run) wanted=("${run_packages[@]}") ;;
    test) wanted=("${test_packages[@]}") ;;
    *) echo "usage: prepare.sh run|test" >&2; exit 2 ;;
esac

command -v dpkg-query >/dev/null || {
    echo "This isn't Debian: please install the equivalents of: ${wanted[*]}" >&2
    exit 0
}

missing=()
for package in "${wanted[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || {
        echo "Missing Debian packages: ${missing[*]}" >&2
        echo "Neither root nor password-less sudo here; please run: sudo apt-get install ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo -n)
fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null

#!/usr/bin/env bash
# Prepares everything in this folder: .venv with the console command, .stack with what runs Kafka and the store.
# Does only what is not done yet; the first run needs the network, later ones do not.
set -euo pipefail
cd "$(dirname "$0")/.."

log=.stack/setup.log
mkdir -p .stack/stamps .stack/classes
say() { printf 'setup: %s\n' "$*"; }

# step TEXT COMMAND...: run it with a line of progress, its output in the log.
step() {
    local text=$1 start=$SECONDS
    shift
    printf 'setup: %s ' "$text"
    "$@" >"$log" 2>&1 &
    local child=$!
    while kill -0 "$child" 2>/dev/null; do
        sleep 1
        printf '.'
    done
    if wait "$child"; then
        printf ' %d s\n' $((SECONDS - start))
    else
        printf ' failed\n'
        tail -n 30 "$log"
        say "the whole output is in $log"
        exit 1
    fi
}

# once NAME INPUT... -- TEXT COMMAND...: a step that is taken again only when an input's content changes.
once() {
    local name=$1 inputs=()
    shift
    while [ "$1" != -- ]; do
        inputs+=("$1")
        shift
    done
    shift
    local stamp=.stack/stamps/$name content
    content=$(cat "${inputs[@]}" | sha256sum)
    [ "$(cat "$stamp" 2>/dev/null)" = "$content" ] && return
    step "$@"
    echo "$content" >"$stamp"
}

# --- what the machine must have -------------------------------------------------------------------------

good_python() {
    local candidate
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

good_jdk() {
    local version
    version=$(javac -version 2>&1) && [[ $version =~ javac\ ([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 17 ]
}

# Containers can stand in for Java only if nothing has to be pulled.
images_at_hand() {
    docker image inspect apache/kafka:4.1.1 mongo:8.0 >/dev/null 2>&1
}

missing() {
    [ -x .venv/bin/python ] || [ -n "$(good_python)" ] || echo python3 python3-venv
    images_at_hand && return
    good_jdk || echo default-jdk-headless
    command -v mvn >/dev/null || echo maven
}

install_missing() {
    local packages
    packages=$(missing | xargs)
    [ -z "$packages" ] && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        step "apt-get update" apt-get update
        # shellcheck disable=SC2086
        step "apt-get install $packages" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends $packages
    fi
    packages=$(missing | xargs)
    [ -z "$packages" ] && return
    say "missing: Python 3.11 or newer with venv, a JDK 17 or newer, and Maven are needed; not found: $packages"
    say "on Debian or Ubuntu: sudo apt-get install $packages"
    exit 1
}

# --- what this folder gets ------------------------------------------------------------------------------

python_packages() {
    [ -x .venv/bin/python ] || "$(good_python)" -m venv .venv
    .venv/bin/python -m pip install --require-hashes -r deploy/requirements-dev.txt
    .venv/bin/python -m pip install --no-deps --no-build-isolation --no-index -e .
}

jars() {
    rm -rf ".stack/libs/$1"
    mvn -B -f deploy/local/pom.xml -P "$1" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$PWD/.stack/libs/$1"
}

install_missing
[ -x .venv/bin/redress ] || rm -f .stack/stamps/python
once python deploy/requirements-dev.txt pyproject.toml -- \
    "Python packages into .venv (about a minute)" python_packages
if ! images_at_hand; then
    once store deploy/local/pom.xml -- "the document store's jars" jars store
    once kafka deploy/local/pom.xml -- "Kafka's jars (45 MB)" jars kafka
    once classes deploy/local/java/*.java deploy/local/pom.xml -- "compiling the document store" \
        javac -Xlint:all -cp '.stack/libs/store/*' -d .stack/classes deploy/local/java/*.java
fi

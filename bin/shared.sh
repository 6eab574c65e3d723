# Functions that several scripts in bin/ use. A script sources this file after it has set `here`, the folder of the
# repository. This file runs nothing by itself.

fail() {
    echo "bin/${0##*/}: $*" >&2
    exit 1
}

# Runs a command without its output. If the command fails, the script ends with one sentence that says why:
# quietly <what the command does> <command> ...
quietly() {
    local what="$1" output
    shift
    if ! output="$("$@" 2>&1)"; then
        explain "$output" "$what"
    fi
}

# Ends the script and says why an installation failed: explain <its output> <what failed>. If the reason is unknown, it
# prints the whole output first. The patterns are the messages of pip, uv and npm.
explain() {
    case "$1" in
        *"No space left"* | *ENOSPC*) fail "$2 failed: there is no space left on the disk that holds $here." ;;
        *"Permission denied"* | *"Read-only file system"* | *EACCES* | *EROFS*) fail "$2 failed: cannot write to $here." ;;
        *"DO NOT MATCH THE HASHES"* | *EINTEGRITY*)
            fail "$2 failed: the hash of a package differs from the lock; nothing was installed." ;;
        *NewConnectionError* | *"name resolution"* | *"Network is unreachable"* | *"timed out"* | *TimeoutError* | \
            *"urlopen error"* | *ProxyError* | *"Connection refused"* | *"error sending request"* | *ConnectionError* | \
            *ENOTFOUND* | *EAI_AGAIN* | *ECONNREFUSED* | *ETIMEDOUT*)
            fail "$2 failed: the package index does not answer." ;;
        *"from versions: none"*) fail "$2 failed: the package index does not answer, or does not have a package." ;;
    esac
    # ensurepip does not report why it failed.
    if [ "$(df -Pk "$here" | awk 'NR == 2 { print $4 }')" -lt 20000 ]; then
        fail "$2 failed: there is no space left on the disk that holds $here."
    fi
    printf '%s\n' "$1" >&2
    fail "$2 failed; the output is above."
}

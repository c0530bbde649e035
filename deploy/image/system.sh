# Lays out a root with Python and what it links against, out of the Debian packages installed here, and nothing else:
# no shell, no package manager.
# $1: where it goes
set -eu
root=$1
packages="base-files netbase media-types
    libc6 libgcc-s1 libstdc++6 libcrypt1 zlib1g libssl3 libffi8 libexpat1 libbz2-1.0 liblzma5 libsqlite3-0 libuuid1
    libncursesw6 libtinfo6 libreadline8
    python3 python3-minimal python3.11 python3.11-minimal libpython3-stdlib libpython3.11-stdlib libpython3.11-minimal"
mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" "$root/tmp" "$root/etc" "$root/opt" \
    "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/var/lib/dpkg/status.d" "$root/var/tmp"
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
chmod 1777 "$root/tmp" "$root/var/tmp"

# Licences stay; manuals, translations and tables of old character sets go.
dpkg-query --listfiles $packages | sort --unique \
    | sed -E 's#^/(bin|sbin|lib|lib64)/#/usr/\1/#' \
    | grep --invert-match --extended-regexp '^/(bin|sbin|lib|lib64|\.)$|^/usr/share/(man|locale|lintian|bug|doc-base|base-files|python3|pixmaps|applications|info|gcc|gdb)(/|$)|/gconv(/|$)|^/usr/share/doc/[^/]+/.*(changelog|README|NEWS|examples)|^/(home|root|boot|srv|mnt|media|var/(backups|cache|local|log|mail|spool|opt))(/|$)' \
    | tar --create --no-recursion --files-from=- --file=- 2>/dev/null | tar --extract --file=- --directory="$root"
for package in $packages; do dpkg-query --status "$package" >"$root/var/lib/dpkg/status.d/$package"; done

mkdir -p "$root/etc/ssl/certs"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
printf 'root:x:0:0:root:/:/sbin/nologin\nkhulasa:x:65532:65532:khulasa:/var/lib/khulasa:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nkhulasa:x:65532:\n' >"$root/etc/group"
rm -rf "$root"/usr/lib/valgrind "$root"/usr/lib/python3.11/test "$root"/usr/lib/python3.11/pydoc_data
ldconfig -r "$root"
/usr/bin/python3 -m compileall -q -s "$root" -p / "$root/usr/lib/python3.11" >/dev/null
# Every library that Python's own modules open is there, or the build ends here.
chroot "$root" /usr/bin/python3 -c 'import bz2, ctypes, hashlib, lzma, readline, sqlite3, ssl, uuid, zlib'

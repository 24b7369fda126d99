// Downloaders: where an image's root file system comes from.
#pragma once
#include "applets/image/stages.h"

namespace builder {

/// A tarball or squashfs in `fd` into the root; device nodes stay out.
Result<> unpack_file(const Context& ctx, int fd, const Tree& tree);
/// The same of a URL. `checksum`: SHA-256 in hex, or "".
Result<> download_root(const Context& ctx, const std::string& url, const std::string& checksum, const Tree& tree);

/// debootstrap and mmdebstrap: Debian and its children from a mirror. Errors: unsupported (the program is missing), invalid (it failed).
Result<> from_debootstrap(const Context& ctx, const Definition& definition, const Tree& tree);
Result<> from_mmdebstrap(const Context& ctx, const Definition& definition, const Tree& tree);
/// apk, pacstrap, rpmbootstrap (dnf), zypper: source.components and the packages of sets marked `early` into an empty root, with the definition's
/// repositories or, for dnf, the one whose text is source.url. Errors: the same.
Result<> from_installer(const Context& ctx, const Definition& definition, const Tree& tree);

/// Does the definition's downloader see to this set of packages itself: an early one that it installs, or never lets in?
bool done_by_source(const Definition& definition, const PackageSet& set);

/// docker-http, oci: source.url names an image of a registry ("docker.io/library/debian:13", "http://127.0.0.1:5000/app").
Result<> from_registry(const Context& ctx, const Definition& definition, const Tree& tree);
/// incus: source.url names an instance of the client's ("web", "server:web"), which may run; a snapshot is taken meanwhile.
Result<> from_instance(const Context& ctx, const Definition& definition, const Tree& tree);
/// alpinelinux-http: the smallest tarball of image.release from the mirror source.url, with the hash that the mirror's list tells.
Result<> from_alpine(const Context& ctx, const Definition& definition, const Tree& tree);

}  // namespace builder

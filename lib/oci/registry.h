// A client of OCI registries ("/v2/"): manifests and blobs, anonymous or with credentials. (distribution-spec; Docker's token authentication.)
#pragma once
#include <functional>
#include <string>

#include "base/context.h"
#include "client/download.h"
#include "oci/manifest.h"
#include "oci/reference.h"

namespace oci {

/// What a registry wants before it answers: `Bearer realm="…",service="…",scope="…"` or `Basic realm="…"`.
struct Challenge {
  std::string scheme;  ///< "bearer", "basic", lower case
  StringMap parameters;
};
/// The first usable challenge of a WWW-Authenticate header. Errors: unsupported (none of the two).
Result<Challenge> parse_challenge(std::string_view header);

struct Credentials {
  std::string user, password;
};
/// Those of $DOCKER_CONFIG/config.json or ~/.docker/config.json for a registry; empty if there are none.
Credentials stored_credentials(const RegistryUrl& registry);

/// One registry and one repository in it at a time. Not thread-safe.
class Registry {
 public:
  struct Options {
    client::ProxySettings proxy = client::ProxySettings::from_environment();
    std::string certificate;  ///< PEM: the only one the server may show; empty: the host's CA bundle decides
    std::string keys;         ///< PEM: images must be signed with one of these; empty: signatures are not asked for
  };
  Registry(RegistryUrl url, Options options) : url_(std::move(url)), options_(std::move(options)) {}

  const RegistryUrl& url() const { return url_; }
  const std::string& keys() const { return options_.keys; }
  struct Document {
    std::string text, media_type;
    std::string digest;  ///< of `text`
  };
  /// A manifest or index, by tag or digest; what a digest names is checked against it. Errors: not_found, unavailable, invalid. Blocks.
  Result<Document> manifest(const Context& ctx, const std::string& repository, const std::string& version);
  /// A small blob, checked. Errors: the same. Blocks.
  Result<std::string> small_blob(const Context& ctx, const std::string& repository, const Descriptor& blob);
  /// A blob's bytes from `from` on, unchecked. `restart` is called first if the server sends all of it instead. Blocks.
  Result<> blob(const Context& ctx, const std::string& repository, const Descriptor& blob, int64_t from, const std::function<Result<>()>& restart, const client::Sink& sink);

 private:
  /// One GET; signs in when asked to.
  Result<client::Answer> get(const Context& ctx, const std::string& repository, const std::string& path, client::DownloadOptions options);
  Result<> sign_in(const Context& ctx, const std::string& repository, const client::Answer& refusal);
  Result<std::string> fetch_token(const Context& ctx, const std::string& repository, const Challenge& challenge, const Credentials& credentials);

  RegistryUrl url_;
  Options options_;
  std::string authorization_;  ///< of the last sign-in
  std::string signed_in_for_;  ///< its repository
};

}  // namespace oci

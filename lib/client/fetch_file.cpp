#include "client/fetch_file.h"

#include <format>
#include <optional>

#include "archive/hash.h"

namespace client {

namespace {

constexpr milliseconds kPause{200};  ///< before the second attempt; longer before later ones

class Fetch {
 public:
  Fetch(const FileSpec& file, const DownloadOptions& options) : file_(file), options_(options) {}

  Result<> run(const Context& ctx) {
    int fruitless = 0;
    for (;;) {
      int64_t before = done_;
      auto attempt = once(ctx);
      if (attempt && !short_by_size()) return judge();
      if (!attempt && (refused_ || !worth_repeating(attempt.error()))) return attempt;
      fruitless = done_ > before ? 0 : fruitless + 1;
      if (fruitless >= kAttempts) return attempt ? fail(Code::invalid, "{} is shorter than the {} bytes announced", file_.url, file_.size) : attempt;
      TRY(ctx.sleep(kPause * (fruitless + 1)));
    }
  }

 private:
  const FileSpec& file_;
  const DownloadOptions& options_;
  archive::Hash hash_;
  std::string etag_;
  int64_t done_ = 0;  ///< bytes handed on
  int64_t skip_ = 0;  ///< bytes of this answer that were handed on before
  bool refused_ = false;  ///< an error that is not the connection's

  bool short_by_size() const { return file_.size >= 0 && done_ < file_.size; }
  static bool worth_repeating(const Error& error) { return error.code() == Code::internal || error.code() == Code::unavailable; }

  Result<> once(const Context& ctx) {
    DownloadOptions options = options_;
    if (done_ > 0) {
      options.headers.set("Range", std::format("bytes={}-", done_));
      if (etag_.starts_with('"')) options.headers.set("If-Range", etag_);
    }
    options.on_headers = [this](const Answer& answer) { return take_head(answer); };
    options.sink = [this](std::string_view data) { return take(data); };
    return download(ctx, file_.url, options).transform([](Answer&&) {});
  }

  Result<> refuse(Failure failure) {
    refused_ = true;
    return failure;
  }

  Result<> take_head(const Answer& answer) {
    skip_ = answer.status == 206 ? 0 : done_;
    std::string range = std::format("bytes {}-", done_);
    if (answer.status == 206 && !answer.headers.get("Content-Range").starts_with(range)) {
      return refuse(fail(Code::invalid, "{} sent another part than the one that was asked for", file_.url));
    }
    etag_ = answer.headers.get("ETag");
    if (!options_.on_headers || done_ > 0) return {};
    auto told = options_.on_headers(answer);
    refused_ = !told;
    return told;
  }

  Result<> take(std::string_view data) {
    size_t known = std::min<size_t>(data.size(), static_cast<size_t>(skip_));
    skip_ -= static_cast<int64_t>(known);
    data.remove_prefix(known);
    if (file_.size >= 0 && done_ + static_cast<int64_t>(data.size()) > file_.size) {
      return refuse(fail(Code::invalid, "{} is longer than the {} bytes announced", file_.url, file_.size));
    }
    hash_.update(data);
    done_ += static_cast<int64_t>(data.size());
    auto taken = options_.sink(data);
    refused_ = !taken;
    return taken;
  }

  Result<> judge() {
    std::string got = hash_.hex();
    if (file_.sha256.empty() || got == file_.sha256) return {};
    return fail(Code::invalid, "Hash mismatch for {}: {} != {}", file_.url, got, file_.sha256);
  }
};

}  // namespace

Result<> fetch_file(const Context& ctx, const FileSpec& file, const DownloadOptions& options) { return Fetch(file, options).run(ctx); }

}  // namespace client

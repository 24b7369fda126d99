#include <catch2/catch_test_macros.hpp>
#include <future>

#include "async/runtime.h"
#include "core/operation.h"

using namespace core;

namespace {

struct Fixture {
  async::Runtime runtime{{}};
  Events events;
  std::unique_ptr<Operations> operations = Operations::create(runtime, events);
  std::mutex mutex;
  StringList statuses;
  std::shared_ptr<void> subscription = events.listen({.types = {"operation"}, .all_projects = true}, [this](const std::string& frame) {
    std::lock_guard guard(mutex);
    statuses.push_back(Json::parse(frame)["metadata"]["status"]);
    return true;
  });
  ~Fixture() { runtime.stop(); }

  OperationSpec spec() { return {.type = OperationType::instance_create, .project = "p"}; }
};

}  // namespace

TEST_CASE("an operation runs, shows its states and can be waited for", "[operation]") {
  Fixture f;
  auto spec = f.spec();
  spec.resources["instances"] = {"c1"};
  spec.run = [](const Context&, Operation& op) { return op.update_metadata({{"a", 1}}); };
  auto op = f.operations->start(std::move(spec));
  REQUIRE(op);
  CHECK((*op)->wait(Context()));
  api::Operation shown = (*op)->render();
  CHECK(shown.status == "Success");
  CHECK(shown.status_code == 200);
  CHECK(shown.class_ == "task");
  CHECK(shown.description == "Creating instance");
  CHECK(shown.resources["instances"] == StringList{"/1.0/instances/c1?project=p"});
  CHECK(shown.metadata["a"] == 1);
  CHECK(f.operations->find((*op)->id()) == *op);
  std::lock_guard guard(f.mutex);
  CHECK(f.statuses == StringList{"Pending", "Running", "Running", "Success"});
}

TEST_CASE("a failing operation keeps its error", "[operation]") {
  Fixture f;
  auto spec = f.spec();
  spec.run = [](const Context&, Operation&) -> Result<> { return fail(Code::not_found, "Image not found"); };
  auto op = *f.operations->start(std::move(spec));
  auto waited = op->wait(Context());
  REQUIRE_FALSE(waited);
  CHECK(waited.error().code() == Code::not_found);
  CHECK(op->render().err == "Image not found");
  CHECK(op->render().status_code == 400);
}

TEST_CASE("cancelling stops the context and ends as cancelled", "[operation]") {
  Fixture f;
  auto spec = f.spec();
  spec.may_cancel = true;
  spec.run = [](const Context& ctx, Operation&) { return ctx.sleep(seconds(30)); };
  auto op = *f.operations->start(std::move(spec));
  CHECK(op->cancel());
  CHECK_FALSE(op->wait(Context()));
  CHECK(op->render().status == "Cancelled");
  CHECK_FALSE(op->cancel());

  auto stubborn = f.spec();
  stubborn.run = [](const Context& ctx, Operation&) { return ctx.sleep(milliseconds(20)); };
  auto other = *f.operations->start(std::move(stubborn));
  CHECK(other->cancel().error().message() == "This operation can't be cancelled");
  CHECK(other->wait(Context()));
}

TEST_CASE("tokens last until they are used", "[operation]") {
  Fixture f;
  auto spec = f.spec();
  spec.cls = OperationClass::token;
  auto op = *f.operations->start(std::move(spec));
  CHECK(op->render().status == "Running");
  CHECK(op->render().may_cancel);
  CHECK(op->cancel());
  CHECK(op->render().status == "Cancelled");
}

TEST_CASE("a connection needs a secret of the operation", "[operation]") {
  Fixture f;
  std::string secret(64, 'a');
  auto spec = f.spec();
  spec.cls = OperationClass::websocket;
  spec.metadata = {{"fds", {{"0", secret}}}};
  spec.run = [](const Context& ctx, Operation&) { return ctx.sleep(seconds(30)); };
  auto op = *f.operations->start(std::move(spec));
  CHECK(op->check_connect(secret));
  CHECK(op->check_connect(std::string(64, 'b')).error().code() == Code::forbidden);
  CHECK_FALSE(op->check_connect(""));
  f.operations->stop(Context());
  CHECK(op->finished());
  CHECK(f.operations->start(f.spec()).error().code() == Code::unavailable);
}

TEST_CASE("waiting without a thread", "[operation]") {
  Fixture f;
  auto spec = f.spec();
  spec.run = [](const Context&, Operation&) -> Result<> { return {}; };
  auto op = *f.operations->start(std::move(spec));
  std::promise<void> done;
  op->when_done([&] { done.set_value(); });
  CHECK(done.get_future().wait_for(seconds(60)) == std::future_status::ready);
}

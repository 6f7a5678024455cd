import { expect, it } from "vitest";
import { invokeUrl } from "./invokeUrl";

const node = (gateway: string) => ({ gateway, region: "us-east-1", accountId: "000000000000" });

it("is the gateway's own address, or the console's name where it listens everywhere", () => {
  expect(invokeUrl(node("127.0.0.1:8080"), "box", "abc", "dev")).toBe(
    "http://127.0.0.1:8080/restapis/abc/dev/_user_request_",
  );
  expect(invokeUrl(node("0.0.0.0:8080"), "box", "abc", "dev")).toBe("http://box:8080/restapis/abc/dev/_user_request_");
  expect(invokeUrl(node("[::]:80"), "box", "abc", "dev")).toBe("http://box:80/restapis/abc/dev/_user_request_");
});

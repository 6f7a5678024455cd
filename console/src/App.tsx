// The addresses of the console. Each page is a chunk of its own.
import { lazy, Suspense, type ReactElement } from "react";
import { Navigate, Route, Routes } from "react-router";
import { Loading } from "./components/Loading";
import { SessionProvider } from "./shell/SessionProvider";
import { Shell } from "./shell/Shell";

const OverviewPage = lazy(() => import("./pages/overview/OverviewPage"));
const PlansPage = lazy(() => import("./pages/plans/PlansPage"));
const CreatePlanPage = lazy(() => import("./pages/plans/CreatePlanPage"));
const PlanPage = lazy(() => import("./pages/plans/PlanPage"));
const KeysPage = lazy(() => import("./pages/keys/KeysPage"));
const CreateKeyPage = lazy(() => import("./pages/keys/CreateKeyPage"));
const ImportKeysPage = lazy(() => import("./pages/keys/ImportKeysPage"));
const KeyPage = lazy(() => import("./pages/keys/KeyPage"));
const UsagePage = lazy(() => import("./pages/usage/UsagePage"));
const ApisPage = lazy(() => import("./pages/apis/ApisPage"));
const ImportApiPage = lazy(() => import("./pages/apis/ImportApiPage"));
const ApiPage = lazy(() => import("./pages/apis/ApiPage"));
const RefusalsPage = lazy(() => import("./pages/refusals/RefusalsPage"));
const FirstRunPage = lazy(() => import("./pages/firstRun/FirstRunPage"));

export function App(): ReactElement {
  return (
    <SessionProvider>
      <Shell>
        <Suspense fallback={<Loading />}>
          <Routes>
            <Route index element={<OverviewPage />} />
            <Route path="usage-plans" element={<PlansPage />} />
            <Route path="usage-plans/create" element={<CreatePlanPage />} />
            <Route path="usage-plans/:planId" element={<PlanPage />} />
            <Route path="api-keys" element={<KeysPage />} />
            <Route path="api-keys/create" element={<CreateKeyPage />} />
            <Route path="api-keys/import" element={<ImportKeysPage />} />
            <Route path="api-keys/:keyId" element={<KeyPage />} />
            <Route path="usage" element={<UsagePage />} />
            <Route path="apis" element={<ApisPage />} />
            <Route path="apis/import" element={<ImportApiPage />} />
            <Route path="apis/:apiId" element={<ApiPage />} />
            <Route path="refusals" element={<RefusalsPage />} />
            <Route path="first-run" element={<FirstRunPage />} />
            <Route path="*" element={<Navigate to="/" replace />} />
          </Routes>
        </Suspense>
      </Shell>
    </SessionProvider>
  );
}

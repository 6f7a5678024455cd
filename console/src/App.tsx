// The addresses of the console. Each page is a chunk of its own.
import { lazy, Suspense, type ReactElement } from "react";
import { Navigate, Route, Routes } from "react-router";
import { Loading } from "./components/Loading";
import { SessionProvider, useSession } from "./shell/SessionProvider";
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
          <AllowedRoutes />
        </Suspense>
      </Shell>
    </SessionProvider>
  );
}

/** Every page, for whoever may do something on it; others are led to the first page of theirs. */
function AllowedRoutes(): ReactElement {
  const { session, mayChange, mayIssueKeys } = useSession();
  const seesAll = session.role !== "key-issuer";
  const home = <Navigate to={seesAll ? "/" : "/api-keys"} replace />;
  const only = (allowed: boolean, page: ReactElement): ReactElement => (allowed ? page : home);
  return (
    <Routes>
      <Route index element={only(seesAll, <OverviewPage />)} />
      <Route path="usage-plans" element={<PlansPage />} />
      <Route path="usage-plans/create" element={only(mayChange, <CreatePlanPage />)} />
      <Route path="usage-plans/:planId" element={<PlanPage />} />
      <Route path="api-keys" element={<KeysPage />} />
      <Route path="api-keys/create" element={only(mayIssueKeys, <CreateKeyPage />)} />
      <Route path="api-keys/import" element={only(mayChange, <ImportKeysPage />)} />
      <Route path="api-keys/:keyId" element={<KeyPage />} />
      <Route path="usage" element={<UsagePage />} />
      <Route path="apis" element={only(seesAll, <ApisPage />)} />
      <Route path="apis/import" element={only(mayChange, <ImportApiPage />)} />
      <Route path="apis/:apiId" element={only(seesAll, <ApiPage />)} />
      <Route path="refusals" element={only(seesAll, <RefusalsPage />)} />
      <Route path="first-run" element={only(mayChange, <FirstRunPage />)} />
      <Route path="*" element={home} />
    </Routes>
  );
}

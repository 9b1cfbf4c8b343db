/** The parts of ECharts that parallel coordinates need. They are loaded only when the first chart is drawn. */

import { ParallelChart } from "echarts/charts";
import { ParallelComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([ParallelChart, ParallelComponent, CanvasRenderer]);

export { init };

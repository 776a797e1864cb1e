import { describeAdminMatrix } from './describe-admin-matrix.js';
import { allRows } from './rows/all-rows.js';

describeAdminMatrix('5.5.0', allRows);
